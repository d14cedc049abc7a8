"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from connectors.geotareas import wire
from connectors.geotareas.client import GeotareasClient
from connectors.geotareas.search import ALL
from connectors.sdk import Definition, OffsetCursor, Page, split_rows


class Extras:
    """`connector.extras`."""

    def __init__(self, client: GeotareasClient) -> None:
        self._client = client

    async def list_definitions(
        self, *, asked: wire.DefinitionFilters | None = None, limit: int, after: str | None = None
    ) -> Page[Definition]:
        """What instances are created from; the vendor gives the active ones unless `asked` says otherwise.

        The gateway lists definitions of tasks. These are workflows, and no documented answer tells their steps.
        """
        cursor = OffsetCursor.parse(after, (ALL,))
        page = await self._client.list_definitions(limit=limit, offset=cursor.offset, filters=asked)
        rows = split_rows(page.rows)
        found = {row.id: _definition(row) for row in rows.records}
        following = cursor.following(page.announced(), streams=(ALL,))
        return following.page(tuple(found.values()), total=page.total, odd=rows.odd)


def _definition(row: wire.DefinitionRow) -> Definition:
    return Definition(
        native_id=row.id, key=row.id, name=row.name, version=None if row.version is None else str(row.version)
    )
