"""What holds of the source that now has a key: after a reload it may be another system, or called with other rights."""

from collections.abc import Callable, Hashable, Mapping

from gateway.federation.sources.source import Source


def scopes_of(sources: Mapping[str, Source]) -> Callable[[str], Hashable]:
    """The credential scope of the current call of each source."""
    return lambda source: sources[source].scope if source in sources else None


def systems_of(sources: Mapping[str, Source]) -> Callable[[str], Hashable]:
    """The system that each source stands for now."""
    return lambda source: sources[source].number if source in sources else None
