"""The person in whose name a source is called, if the source must see the person and not its service account."""

from msgspec import Struct

from connectors.sdk.caller import Identity


class Authority(Struct, frozen=True, kw_only=True):
    """`principal` is the person's key in the gateway. `token` is the token of the sign-in; None in demo mode.

    A connector finds it in `current_call().authority`.
    """

    principal: str
    identity: Identity | None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Authority(principal={self.principal!r})"
