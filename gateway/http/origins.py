"""From which pages a socket may be opened. Browsers ask no permission for sockets, they only say where the page is from."""

from collections.abc import Collection

from starlette.types import Scope

from gateway.http.request import header


def may_connect(scope: Scope, allowed: Collection[str]) -> bool:
    """Whether the page's origin is the gateway's own, or one of `cors_origins`. Programs send none."""
    origin = header(scope, b"origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    # Not the scheme: before the gateway may stand a proxy that speaks TLS.
    return origin.partition("://")[2].lower() == (header(scope, b"host") or "").lower()
