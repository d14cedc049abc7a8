"""The people of the configuration. They are known at the start and do not change."""

from collections.abc import Collection, Iterable

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef


class ConfiguredPeople:
    """`callers` have distinct keys, and no two share an account: the configuration is checked before."""

    def __init__(self, callers: Iterable[Caller] = ()) -> None:
        self._by_key = {caller.key: caller for caller in callers}
        self._by_native_ref = {
            NativeRef(source, identity.native_id): caller
            for caller in self._by_key.values()
            for source, identity in caller.identities.items()
        }

    def by_key(self, key: str) -> Caller | None:
        return self._by_key.get(key)

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        return self._by_native_ref.get(ref)

    def all(self) -> Collection[Caller]:
        return self._by_key.values()
