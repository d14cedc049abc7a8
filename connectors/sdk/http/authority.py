"""On whose behalf a source is asked, where it shall see the person and not one technical account."""

from contextvars import ContextVar

from msgspec import Struct

from connectors.sdk.caller import Identity


class Authority(Struct, frozen=True, kw_only=True):
    """`principal` is the person's key in the gateway; `token` what they signed in with, None in demo mode."""

    principal: str
    identity: Identity | None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Authority(principal={self.principal!r})"


authority: ContextVar[Authority | None] = ContextVar("authority", default=None)
"""Set around every call of a source that acts as its viewer; None while the gateway asks for itself."""
