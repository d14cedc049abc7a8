"""The page at /graphql and the files that it loads, all served from memory."""

import html
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from gateway.graphiql import returning
from gateway.graphiql.assets import FILES, FOLDER, is_complete
from gateway.graphiql.entrance import Login, entrance, no_logins, offered, origins, script_data
from gateway.graphiql.examples import ASSIGNEES, EXAMPLES, SAMPLE
from gateway.graphiql.files import MEDIA_TYPES, Assets, asset
from gateway.settings import Settings

_HERE = Path(__file__).parent
_OWN = ("favicon.svg", "filling.js", "page.css", "page.js", "sign_in.js")
_SLOT = re.compile(r"\{\{(.+?)\}\}")
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
        assets = {file.name: asset(file) for file in files if file.suffix in MEDIA_TYPES}
        self._slots = {name: f"graphiql/{each.path}" for name, each in assets.items()}
        self._config = _config(settings)
        self._template = (_HERE / ("page.html" if is_whole else "missing.html")).read_text(encoding="utf-8")
        self._names = returning.names(settings)
        self.routes = (
            returning.route(lambda: self._names),
            Route("/graphiql/{path:path}", Assets(assets.values()).response, methods=["GET"]),
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
            "logins": offered(logins, self._names),
            "nonce": nonce,
        }
        slots = {"config": script_data(config), "address": html.escape(address)}
        page = _SLOT.sub(lambda slot: {**self._slots, **slots}[slot[1]], self._template)
        policy = "; ".join(f"{what} {whence}" for what, whence in _POLICY.items()).format(
            nonce=nonce, providers="".join(f" {origin}" for origin in origins(logins))
        )
        return Response(page, headers={**_PAGE_HEADERS, "Content-Security-Policy": policy}, media_type="text/html")


def _config(settings: Settings) -> dict[str, object]:
    """The settings for page.js; nonce and logins are added for each response."""
    return {
        "examples": [{"query": example.query, "variables": example.variables} for example in EXAMPLES],
        "sample": SAMPLE,
        "assignees": ASSIGNEES,
        **entrance(settings),
    }
