"""The caller of the current request, for sources that act as the caller and not as a service account."""

from contextvars import ContextVar

from msgspec import Struct

from connectors.sdk.caller import Identity


class Authority(Struct, frozen=True, kw_only=True):
    """`principal` is the person's key in the gateway. `token` is the token of the sign-in, None in demo mode."""

    principal: str
    identity: Identity | None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Authority(principal={self.principal!r})"


authority: ContextVar[Authority | None] = ContextVar("authority", default=None)
"""Set around every call of a source that acts as the caller; None in background work of the gateway."""
