"""State of one request: caller, time, and what was loaded so far."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.model import FlowRef, Task, TaskRef
from schema.ports import Federation, SourceInfo

T = TypeVar("T")


class Context:
    """Created per request. Nouns pass their loader classes to `loader` and other cached values to `once`."""

    def __init__(self, caller: Caller, federation: Federation, clock: Clock = utc_now) -> None:
        self.caller = caller
        self.federation = federation
        self.clock = clock
        # What was read with FRESH: all that is loaded of it is read from the source, too.
        self._read_fresh: set[TaskRef | FlowRef] = set()
        self._loaders: dict[Callable[[Context], Any], Any] = {}
        self._made: dict[Callable[[Context], Any], Any] = {}

    def anew(self) -> "Context":
        """For the same caller, with nothing loaded: each event of a subscription has one of its own."""
        return Context(self.caller, self.federation, self.clock)

    @cached_property
    def now(self) -> datetime:
        """Time of the request: the same for every row."""
        return self.clock()

    @cached_property
    def sources(self) -> Mapping[str, SourceInfo]:
        """Configured sources by key, in configuration order."""
        return {source.key: source for source in self.federation.sources()}

    def note_fresh(self, tasks: Iterable[Task]) -> None:
        """These tasks were asked for with FRESH: so are their details, and their flows."""
        for task in tasks:
            self._read_fresh.add(task.ref)
            if task.flow_id is not None:
                self._read_fresh.add(FlowRef(task.source, task.flow_id))

    def note_fresh_flow(self, ref: FlowRef) -> None:
        """As `note_fresh`, for a flow."""
        self._read_fresh.add(ref)

    def is_fresh(self, ref: TaskRef | FlowRef) -> bool:
        """Whether what is loaded of it must be read from the source."""
        return ref in self._read_fresh

    def loader(self, kind: Callable[["Context"], T]) -> T:
        """The request's loader of class `kind`, created on first use."""
        found = self._loaders.get(kind)
        if found is None:
            found = self._loaders[kind] = kind(self)
        loader: T = found
        return loader

    def once(self, make: Callable[["Context"], T]) -> T:
        """The result of `make(self)`, computed once per request."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def forget_loaded(self) -> None:
        """Drop all loaders with their values: a write may have changed any of them."""
        self._loaders.clear()
