"""How people sign in on a page: which providers, or which people of the demo, its script may offer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from gateway.settings import DemoAuth, OidcAuth, PersonSettings, Settings

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")


class Login(Protocol):
    """Where people sign in. `scopes` are divided by spaces."""

    @property
    def issuer(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def scopes(self) -> str: ...
    @property
    def authorization_endpoint(self) -> str: ...
    @property
    def token_endpoint(self) -> str: ...


def no_logins() -> Sequence[Login]:
    return ()


def entrance(settings: Settings) -> dict[str, Any]:
    """What a page's script needs of the settings; the logins of the moment are added for each response."""
    config: dict[str, Any] = {
        "people": [],
        "person": None,
        "hasLogin": isinstance(settings.auth, OidcAuth) and any(each.login for each in settings.auth.issuers),
    }
    # The page shows the people only in demo mode, where their keys are the tokens.
    if isinstance(settings.auth, DemoAuth):
        config["people"] = [_person(person) for person in settings.people]
        config["person"] = settings.auth.default_person
    return config


def _person(person: PersonSettings) -> dict[str, str]:
    belongs = [*person.groups, *(role.replace("_", " ") for role in sorted(person.roles))]
    return {"key": person.key, "name": person.name, "belongs": ", ".join(belongs)}


def offered(logins: Sequence[Login], names: Mapping[str, str]) -> Sequence[dict[str, str | None]]:
    """The logins for the script. `at`: the name of the provider's own address to send people back to; None for the page's."""
    return [
        {
            "at": names.get(login.issuer),
            "issuer": login.issuer,
            "clientId": login.client_id,
            "scopes": login.scopes,
            "authorizationEndpoint": login.authorization_endpoint,
            "tokenEndpoint": login.token_endpoint,
        }
        for login in logins
    ]


def origins(logins: Sequence[Login]) -> Sequence[str]:
    """The origins of the token endpoints. The endpoints are a provider's own text: nothing else gets into a policy."""
    parts = [urlsplit(login.token_endpoint) for login in logins]
    found = dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts)
    return [origin for origin in found if _ORIGIN.fullmatch(origin)]


def script_data(value: Mapping[str, Any]) -> str:
    """JSON inside a script element: no string in it can end the element."""
    return orjson.dumps(value).decode().replace("<", "\\u003c")
