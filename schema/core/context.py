"""What belongs to one request: the caller, the time, and what was loaded so far."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from schema.ports import Federation, SourceInfo

T = TypeVar("T")


class Context:
    """One a request. It knows no noun: each noun passes its own loaders to `loader`, and what it caches to `once`."""

    def __init__(self, caller: Caller, federation: Federation, clock: Clock = utc_now) -> None:
        self.caller = caller
        self.federation = federation
        self.clock = clock
        self._loaders: dict[Callable[[Context], Any], Any] = {}
        self._made: dict[Callable[[Context], Any], Any] = {}

    @cached_property
    def now(self) -> datetime:
        """The same moment for every row of the request."""
        return self.clock()

    @cached_property
    def sources(self) -> Mapping[str, SourceInfo]:
        """By key, in configuration order."""
        return {source.key: source for source in self.federation.sources()}

    def loader(self, kind: Callable[["Context"], T]) -> T:
        """The request's loader of that class, made when it is first used."""
        found = self._loaders.get(kind)
        if found is None:
            found = self._loaders[kind] = kind(self)
        loader: T = found
        return loader

    def once(self, make: Callable[["Context"], T]) -> T:
        """What `make` returns for this request; it is called once."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def forget_loaded(self) -> None:
        """Start with new loaders: a write went through that may have changed anything that was loaded."""
        self._loaders.clear()
