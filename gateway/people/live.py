"""The book of people, as it is for what looks at it now."""

from collections.abc import Callable, Collection, Iterator, Sequence

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef
from gateway.people.port import KeptAccounts, People, SignedIn
from schema.ports import AccountLink


class LivePeople:
    """`present` gives the book at each look: a reload may replace it, and a request goes on with the one that it began with."""

    def __init__(self, present: Callable[[], People]) -> None:
        self._present = present

    @property
    def changes(self) -> int:
        return self._present().changes

    def signed_in(self, who: SignedIn) -> Caller:
        return self._present().signed_in(who)

    def by_key(self, key: str) -> Caller | None:
        return self._present().by_key(key)

    def as_configured(self, key: str) -> Caller | None:
        return self._present().as_configured(key)

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        return self._present().by_native_ref(ref)

    def all(self) -> Collection[Caller]:
        return self._present().all()

    def find(self, search: str | None) -> Iterator[Caller]:
        return self._present().find(search)

    def is_resolved(self, person: Caller, source: str) -> bool:
        return self._present().is_resolved(person, source)

    async def resolve(self, person: Caller, source: str, *, within: float) -> None:
        await self._present().resolve(person, source, within=within)

    async def links(self, person: Caller, *, within: float) -> Sequence[AccountLink]:
        return await self._present().links(person, within=within)

    def accounts(self, source: str) -> KeptAccounts | None:
        return self._present().accounts(source)
