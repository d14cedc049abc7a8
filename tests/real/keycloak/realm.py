"""A realm of Keycloak with people, groups, roles and clients, made as docs/deploy.md says."""

import os
import subprocess
from pathlib import Path
from typing import Any, Self

import httpx2

from sandbox.geotareas import directory as geotareas
from sandbox.issuer import subject
from sandbox.people import ALL_PEOPLE, GROUPS, Person
from tests.documents import Page
from tests.real.keycloak.engine import ADMIN, Keycloak, java_home

GUIDE = Page("docs/deploy.md")
REALM = "main"
PEOPLE = 10_000
GATEWAY, GATEWAY_SECRET = "taskgate", "secret-of-taskgate"
PAGE, PLAIN, BRIEF, VENDOR = "taskgate-page", "plain", "brief", "vendor-api"
PAGES_ORIGIN = "http://127.0.0.1:8000"
REDIRECT = f"{PAGES_ORIGIN}/graphql"
_KEYS = "org.keycloak.keys.KeyProvider"


class Realm:
    """`url` is the issuer. The client answers for an administrator."""

    def __init__(self, address: str, client: httpx2.Client) -> None:
        self.url = f"{address}/realms/{REALM}"
        self.token_url = f"{self.url}/protocol/openid-connect/token"
        self._admin = f"{address}/admin/realms"
        self._address = address
        self._client = client

    @classmethod
    def made(cls, server: Keycloak, client: httpx2.Client, folder: Path) -> Self:
        """A new realm with 10,000 people: alice and bob in the group accounting, carol, a task admin without groups. The rest of it is made by the commands of docs/deploy.md, in `folder`."""
        realm = cls(server.address, client)
        realm._password = server.admin_password
        realm._sent("POST", "", _company())
        # On a busy machine two of the guide's commands may be a minute apart.
        realm._sent("PUT", "/master", {"realm": "master", "accessTokenLifespan": 3_600})
        _follow_guide(server, folder)
        role = realm._sent("GET", f"/{REALM}/roles/task-admin").json()
        [carol] = realm._sent("GET", f"/{REALM}/users?username=carol&exact=true").json()
        realm._sent("POST", f"/{REALM}/users/{carol['id']}/role-mappings/realm", [role])
        [gateway] = realm._sent("GET", f"/{REALM}/clients?clientId={GATEWAY}").json()
        # Of this client the guide makes no use but as an audience; here it exchanges tokens, too.
        exchange = {"standard.token.exchange.enabled": "true"}
        changed = {**gateway, "secret": GATEWAY_SECRET, "attributes": {**gateway["attributes"], **exchange}}
        realm._sent("PUT", f"/{REALM}/clients/{gateway['id']}", changed)
        realm._sent("POST", f"/{REALM}/clients/{gateway['id']}/protocol-mappers/models", _audience(VENDOR))
        for client_made in _other_clients():
            realm._sent("POST", f"/{REALM}/clients", client_made)
        return realm

    def people(self) -> int:
        """How many there are."""
        found: int = self._sent("GET", f"/{REALM}/users/count").json()
        return found

    _password = ""

    def tokens(self, person: str, *, client: str = PAGE) -> dict[str, Any]:
        """The answer of the token endpoint, with `access_token` and `id_token`."""
        form = {
            "grant_type": "password",
            "client_id": client,
            "username": person,
            "password": person,
            "scope": "openid",
        }
        return self._told(self._client.post(self.token_url, data=form)).json()  # type: ignore[no-any-return]

    def token(self, person: str, *, client: str = PAGE) -> str:
        token: str = self.tokens(person, client=client)["access_token"]
        return token

    def rotate(self) -> None:
        """A new key signs from now on."""
        parent = self._sent("GET", f"/{REALM}").json()["id"]
        config = {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        key = {
            "name": "new",
            "providerId": "rsa-generated",
            "providerType": _KEYS,
            "parentId": parent,
            "config": config,
        }
        self._sent("POST", f"/{REALM}/components", key)

    def withdraw(self) -> None:
        """The keys that signed before the rotation leave the set."""
        for component in self._sent("GET", f"/{REALM}/components?type={_KEYS}").json():
            if component["providerId"] == "rsa-generated" and component["name"] != "new":
                self._sent("DELETE", f"/{REALM}/components/{component['id']}")

    def _sent(self, method: str, path: str, body: object = None) -> httpx2.Response:
        # An administrator's token is over after a minute: each request has its own.
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": self._password}
        url = f"{self._address}/realms/master/protocol/openid-connect/token"
        token = self._told(self._client.post(url, data=form)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return self._told(self._client.request(method, self._admin + path, json=body, headers=headers))

    @staticmethod
    def _told(answer: httpx2.Response) -> httpx2.Response:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        return answer


def _company() -> dict[str, Any]:
    """The realm as a company has it before there is a gateway. Only those who sign in have a password: hashing one takes long."""
    known = [_known(person) for person in ALL_PEOPLE]
    others = [_person(f"person-{number:05}", "Person", str(number)) for number in range(PEOPLE - len(known))]
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "editUsernameAllowed": True,
        "groups": [{"name": name} for name in GROUPS],
        "users": known + others,
    }


def _known(person: Person) -> dict[str, Any]:
    """A person whom the stand-ins know too, with the id that the small identity provider gives them."""
    first, _, last = person.name.partition(" ")
    groups = [] if person.key == "carol" else [f"/{name}" for name in person.groups]
    numbers = [user.id for user in geotareas.USERS.values() if user.login == person.key]
    return {
        **_person(person.key, first, last),
        "id": subject(person),
        "groups": groups,
        "attributes": {"geotareas_user": numbers},
        "credentials": [{"type": "password", "value": person.key, "temporary": False}],
    }


def _person(name: str, first: str, last: str) -> dict[str, Any]:
    email = f"{name}@example.com"
    return {
        "username": name,
        "enabled": True,
        "email": email,
        "emailVerified": True,
        "firstName": first,
        "lastName": last,
    }


def _follow_guide(server: Keycloak, folder: Path) -> None:
    """The commands of docs/deploy.md with this machine's addresses. They log in in `folder`, and not for the user of this machine."""
    places = {
        "https://login.example.com": server.address,
        "https://tasks.example.com/graphql": REDIRECT,
        "https://tasks.example.com": PAGES_ORIGIN,
    }

    def here(text: str) -> str:
        for shown, place in places.items():
            text = text.replace(shown, place)
        return text

    for name, content in zip(("taskgate", "taskgate-page"), GUIDE.blocks("json"), strict=False):
        (folder / f"{name}.json").write_text(here(content), encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{server.folder / 'bin'}:{os.environ['PATH']}",
        "JAVA_HOME": str(java_home()),
        "KC_OPTS": f"-Duser.home={folder} -XX:TieredStopAtLevel=1",
        "KEYCLOAK_PASSWORD": server.admin_password,
    }
    done = subprocess.run(
        ["/bin/sh", "-euc", here(GUIDE.blocks("sh")[0])],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _other_clients() -> list[dict[str, Any]]:
    public = {"publicClient": True, "directAccessGrantsEnabled": True, "standardFlowEnabled": True}
    return [
        {"clientId": VENDOR, "secret": "v", "publicClient": False, "standardFlowEnabled": False},
        {**public, "clientId": PLAIN},
        {
            **public,
            "clientId": BRIEF,
            "attributes": {"access.token.lifespan": "1"},
            "protocolMappers": [_audience(GATEWAY)],
        },
    ]


def _audience(client: str) -> dict[str, Any]:
    return {
        "name": f"for {client}",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": client, "access.token.claim": "true", "id.token.claim": "false"},
    }
