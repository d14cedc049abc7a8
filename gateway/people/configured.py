"""The people of the configuration. They are known at the start and do not change."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.model import NativeRef
from gateway.people.port import SignedIn

_NO_IDENTITIES: Mapping[str, Identity] = MappingProxyType({})


class ConfiguredPeople:
    """`callers` have distinct keys, and no two share an account: the configuration is checked before."""

    def __init__(self, callers: Iterable[Caller] = ()) -> None:
        self._by_key = {caller.key: caller for caller in callers}
        self._by_native_ref = {
            NativeRef(source, identity.native_id): caller
            for caller in self._by_key.values()
            for source, identity in caller.identities.items()
        }

    def signed_in(self, who: SignedIn) -> Caller:
        """The configured person of that key, with the roles of the token too; else a person without identities."""
        known = self._by_key.get(who.key)
        if known is not None:
            return replace(known, roles=known.roles | who.roles)
        return Caller(
            key=who.key, name=who.name, email=who.email, groups=who.groups, roles=who.roles, identities=_NO_IDENTITIES
        )

    def by_key(self, key: str) -> Caller | None:
        return self._by_key.get(key)

    def by_native_ref(self, ref: NativeRef) -> Caller | None:
        return self._by_native_ref.get(ref)

    def all(self) -> Collection[Caller]:
        return self._by_key.values()
