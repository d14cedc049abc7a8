"""The sources by key, as they are for what looks at them now."""

from collections.abc import Callable, Iterator, Mapping

from gateway.federation.sources.source import Source


class LiveSources(Mapping[str, Source]):
    """`present` gives them at each look: a reload replaces them, and a request goes on with those that it began with."""

    def __init__(self, present: Callable[[], Mapping[str, Source]]) -> None:
        self._present = present

    def __getitem__(self, key: str) -> Source:
        return self._present()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._present())

    def __len__(self) -> int:
        return len(self._present())
