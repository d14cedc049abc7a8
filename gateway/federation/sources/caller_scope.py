"""Who asks, for sources that see the person and not one technical account."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.http import Authority, authority
from connectors.sdk.settings import SourceSettings
from gateway.federation.cache import SERVICE, Scope


class Asker(Struct, frozen=True):
    """`token` is what the person signed in with, where another system could take it."""

    caller: Caller
    token: str | None = None

    def __repr__(self) -> str:
        return f"Asker({self.caller.key!r})"


asker: ContextVar[Asker | None] = ContextVar("asker", default=None)
"""Set for each request; None while the gateway asks for itself."""


def scope_of(settings: SourceSettings) -> Scope:
    """Within which answers of the source may be shared: all people's, or only the one person's who asks."""
    if settings.acts_as == "service":
        return SERVICE
    who = asker.get()
    return Scope("nobody") if who is None else Scope(f"person:{who.caller.key}")


@contextmanager
def acting_on(settings: SourceSettings) -> Iterator[None]:
    """Calls within are made on behalf of whoever asks, where the source shall see them."""
    who = asker.get()
    if settings.acts_as == "service" or who is None:
        yield
        return
    restore = authority.set(
        Authority(principal=who.caller.key, identity=who.caller.identity(settings.key), token=who.token)
    )
    try:
        yield
    finally:
        authority.reset(restore)
