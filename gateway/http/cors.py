"""What pages of other origins may send and read (CORS)."""

from typing import Any

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
