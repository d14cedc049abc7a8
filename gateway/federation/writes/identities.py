"""Who the people of a write are in its source: the caller, and those whom it names."""

from collections.abc import Iterator

from connectors.sdk.caller import Caller
from gateway.federation.sources import Links, Source
from gateway.people import People
from schema.ports import AssignIntent, Intent, PersonId, UpdateIntent


class Identities:
    """Looked up before anything of the write is decided."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._links = Links(people)

    async def know(self, source: Source, caller: Caller, intent: Intent) -> None:
        """Raises UnavailableError if the source's directory is needed and cannot be read."""
        named = (self._people.by_key(person.key) for person in _named(intent) if person.key is not None)
        await self._links.know(source, [caller, *filter(None, named)])


def _named(intent: Intent) -> Iterator[PersonId]:
    match intent:
        case AssignIntent(user=PersonId() as user):
            yield user
        case UpdateIntent(candidate_users=users) if users:
            yield from users
        case _:
            return
