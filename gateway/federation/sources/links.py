"""Makes known who people are in a source, before anything is decided about them there."""

from collections.abc import Collection

from connectors.sdk.caller import Caller
from gateway.federation.sources.source import Source
from gateway.people import People


class Links:
    """A person's identity in a source may have to be looked up in its directory. The other sources do not wait for that."""

    def __init__(self, people: People) -> None:
        self._people = people

    def are_known(self, source: Source, people: Collection[Caller]) -> bool:
        """Whether `Caller.identity` tells the identities of these people, without a wait."""
        return all(self._people.is_resolved(person, source.key) for person in people)

    async def know(self, source: Source, people: Collection[Caller]) -> None:
        """Wait as long as a read of the source may take. Raises UnavailableError if its directory cannot be read."""
        for person in people:
            if not self._people.is_resolved(person, source.key):
                await self._people.resolve(person, source.key, within=source.max_wait)
