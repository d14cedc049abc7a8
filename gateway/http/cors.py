"""What pages of other origins may send and read (CORS)."""

from collections.abc import Callable
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.request_id import HEADER as REQUEST_ID_HEADER
from gateway.settings import GatewaySettings

ALLOWED_HEADERS = (
    "authorization",
    "content-type",
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "apollographql-client-name",
    "apollographql-client-version",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-client-name",
    "graphql-client-version",
    "graphql-require-preflight",
)
"""Headers that a page may send: sign-in, and what GraphQL clients and tracing add by themselves."""

EXPOSED_HEADERS = (REQUEST_ID_HEADER, "Retry-After", "WWW-Authenticate")
"""Headers that a page may read. Without WWW-Authenticate it could not read where to sign in."""


def cors_options(gateway: GatewaySettings) -> dict[str, Any]:
    """The arguments of Starlette's CORSMiddleware: the headers above, and those that are configured."""
    return {
        "allow_origins": list(gateway.cors_origins),
        "allow_methods": ["GET", "POST"],
        "allow_headers": [*ALLOWED_HEADERS, *(name.lower() for name in gateway.cors_headers)],
        "expose_headers": [*EXPOSED_HEADERS, *gateway.cors_exposed_headers],
    }


class Cors:
    """Around the application: it answers what pages send, by the origins and headers of the newest `settings`."""

    def __init__(self, app: ASGIApp, settings: Callable[[], GatewaySettings]) -> None:
        self._app, self._settings = app, settings
        self._made_for: GatewaySettings | None = None
        self._made = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings = self._settings()
        if settings is not self._made_for:
            self._made = CORSMiddleware(self._app, **cors_options(settings)) if settings.cors_origins else self._app
            self._made_for = settings
        await self._made(scope, receive, send)
