"""A realm of Keycloak with people, groups, roles and clients, made through its admin API."""

import json
from typing import Any, Self

import httpx2

from tests.documents import Page
from tests.real.keycloak.engine import ADMIN

REALM = "company"
GATEWAY, GATEWAY_SECRET = "taskgate", "secret-of-taskgate"
PAGE, PLAIN, BRIEF, VENDOR = "taskgate-page", "plain", "brief", "vendor-api"
REDIRECT = "http://127.0.0.1:8000/graphql"
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
    def made(cls, address: str, password: str, client: httpx2.Client) -> Self:
        """A new realm with alice and bob in the group accounting, and carol, a task admin without groups."""
        realm = cls(address, client)
        realm._password = password
        realm._sent("POST", "", {"realm": REALM, "enabled": True, "sslRequired": "none"})
        realm._sent("POST", f"/{REALM}/roles", {"name": "task-admin"})
        group = realm._sent("POST", f"/{REALM}/groups", {"name": "accounting"}).headers["location"].rpartition("/")[2]
        for client_made in _clients():
            realm._sent("POST", f"/{REALM}/clients", client_made)
        for name in ("alice", "bob", "carol"):
            person = realm._sent("POST", f"/{REALM}/users", _person(name)).headers["location"].rpartition("/")[2]
            if name == "carol":
                role = realm._sent("GET", f"/{REALM}/roles/task-admin").json()
                realm._sent("POST", f"/{REALM}/users/{person}/role-mappings/realm", [role])
            else:
                realm._sent("PUT", f"/{REALM}/users/{person}/groups/{group}", {})
        return realm

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


def _person(name: str) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.com",
        "emailVerified": True,
        "firstName": name.capitalize(),
        "lastName": "Example",
        "credentials": [{"type": "password", "value": name, "temporary": False}],
    }


def _clients() -> list[dict[str, Any]]:
    """The gateway and the page are made from what docs/deploy.md shows, with this machine's address."""
    public = {"publicClient": True, "directAccessGrantsEnabled": True, "standardFlowEnabled": True}
    gateway, page = (json.loads(block) for block in Page("docs/deploy.md").blocks("json")[:2])
    return [
        {
            **gateway,
            "secret": GATEWAY_SECRET,
            "attributes": {"standard.token.exchange.enabled": "true"},
            "protocolMappers": [_audience(VENDOR)],
        },
        {"clientId": VENDOR, "secret": "v", "publicClient": False, "standardFlowEnabled": False},
        {**page, "redirectUris": [REDIRECT], "webOrigins": ["+"]},
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
