"""The page at /graphql and the files that it loads, all served from memory."""

import gzip
import hashlib
import html
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from gateway.graphiql import returning
from gateway.graphiql.assets import FILES, FOLDER, is_complete
from gateway.graphiql.examples import ASSIGNEES, EXAMPLES, SAMPLE
from gateway.settings import DemoAuth, OidcAuth, PersonSettings, Settings

_HERE = Path(__file__).parent
_OWN = ("favicon.svg", "filling.js", "page.css", "page.js", "sign_in.js")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
_SLOT = re.compile(r"\{\{(.+?)\}\}")
# Fixed here, because the types that a machine has registered for .js differ.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "connect-src": "'self'{providers}",  # where the page gets its token
    "style-src": "'self' 'nonce-{nonce}'",  # GraphiQL's dialogs add style elements with this nonce
    "font-src": "data:",  # GraphiQL's style sheet contains its fonts
    "img-src": "'self' data:",  # and some of its icons
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",  # the same URL answers GraphQL
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the page loads. `path`, below /graphiql/, contains its digest: a path never changes its content."""

    content: bytes
    media_type: str
    digest: str
    path: str


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


class GraphiQL:
    """Reads the files once, when it is built. Without npm's files in `folder`, the page says how to get them.

    `logins` tells, for each response, at which identity providers people can sign in now.

    `routes` serve the page's files, and where providers send people back to. The page finds them by relative URLs, so /graphql and /graphiql need one parent.
    """

    def __init__(
        self, settings: Settings, folder: Path = FOLDER, *, logins: Callable[[], Sequence[Login]] = no_logins
    ) -> None:
        self._logins = logins
        is_whole = is_complete(folder)
        files = [_HERE / name for name in _OWN]
        if is_whole:
            files += [folder / package / Path(file).name for package, kept in FILES.items() for file in kept]
        assets = {file.name: _asset(file) for file in files if file.suffix in _MEDIA_TYPES}
        self._by_path = {asset.path: asset for asset in assets.values()}
        self._slots = {name: f"graphiql/{asset.path}" for name, asset in assets.items()}
        self._config = _config(settings)
        self._template = (_HERE / ("page.html" if is_whole else "missing.html")).read_text(encoding="utf-8")
        self._names = returning.names(settings)
        self.routes = (
            returning.route(lambda: self._names),
            Route("/graphiql/{path:path}", self._file, methods=["GET"]),
        )

    def change(self, settings: Settings) -> None:
        """Other people and providers from now on."""
        self._config, self._names = _config(settings), returning.names(settings)

    def response(self, scope: Scope) -> Response:
        """The page, for a browser that opens /graphql."""
        nonce = secrets.token_urlsafe(16)
        address = str(Request(scope).url.replace(query=""))
        logins = self._logins()
        config = {
            **self._config,
            "logins": [_login(each, self._names.get(each.issuer)) for each in logins],
            "nonce": nonce,
        }
        slots = {"config": _script_data(config), "address": html.escape(address)}
        page = _SLOT.sub(lambda slot: {**self._slots, **slots}[slot[1]], self._template)
        policy = "; ".join(f"{what} {whence}" for what, whence in _POLICY.items()).format(
            nonce=nonce, providers="".join(f" {origin}" for origin in _origins(logins))
        )
        return Response(page, headers={**_PAGE_HEADERS, "Content-Security-Policy": policy}, media_type="text/html")

    async def _file(self, request: Request) -> Response:
        # A look-up among the files read at the start: no path reaches the disk.
        asset = self._by_path.get(request.path_params["path"])
        if asset is None:
            return Response("There is no such file.\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{asset.digest}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        content = asset.content
        if _takes_gzip(request) and len(packed := _packed(content)) < len(content):
            content = packed
            headers |= {"Content-Encoding": "gzip", "ETag": f'"{asset.digest}-gzip"'}
        if asset.digest in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, headers={**headers, "Content-Type": asset.media_type})


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    return any(each == "gzip" or (each.startswith("gzip;q=") and each.strip("0.") != "gzip;q=") for each in accepted)


@lru_cache(maxsize=32)
def _packed(content: bytes) -> bytes:
    """Once for each file: it is asked for before sign-in, so that its cost must not depend on how often."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content, _MEDIA_TYPES[file.suffix], digest, f"{digest}/{file.name}")


def _config(settings: Settings) -> dict[str, Any]:
    """The settings for page.js; nonce and logins are added for each response."""
    config: dict[str, Any] = {
        "examples": [{"query": example.query, "variables": example.variables} for example in EXAMPLES],
        "sample": SAMPLE,
        "assignees": ASSIGNEES,
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


def _login(login: Login, name: str | None) -> dict[str, str | None]:
    """`at`: the name of the provider's own address to send people back to; None for the page's."""
    return {
        "at": name,
        "issuer": login.issuer,
        "clientId": login.client_id,
        "scopes": login.scopes,
        "authorizationEndpoint": login.authorization_endpoint,
        "tokenEndpoint": login.token_endpoint,
    }


def _origins(logins: Sequence[Login]) -> Sequence[str]:
    """The origins of the token endpoints. The endpoints are a provider's own text: nothing else gets into the policy."""
    parts = [urlsplit(login.token_endpoint) for login in logins]
    origins = dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts)
    return [origin for origin in origins if _ORIGIN.fullmatch(origin)]


def _script_data(value: dict[str, Any]) -> str:
    """JSON inside a script element: no string in it can end the element."""
    return orjson.dumps(value).decode().replace("<", "\\u003c")
