"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from msgspec import Raw

from connectors.geotareas import wire
from connectors.geotareas.client import GeotareasClient, row_key
from connectors.geotareas.search import ALL
from connectors.sdk import Announced, Decoded, Definition, OffsetCursor, Page, split_rows

# The largest `limit` that the vendor documents.
MOST_ROWS = 100


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

        async def read(offset: int, size: int) -> Announced[tuple[Decoded[wire.DefinitionRow], Raw]]:
            return (await self._client.list_definitions(limit=size, offset=offset, filters=asked)).announced()

        page = await cursor.page(read, limit=limit, most=MOST_ROWS, key=row_key, streams=(ALL,))
        rows = split_rows(page.rows)
        return page.page([_definition(row) for row in rows.records], odd=rows.odd)


def _definition(row: wire.DefinitionRow) -> Definition:
    return Definition(
        native_id=row.id, key=row.id, name=row.name, version=None if row.version is None else str(row.version)
    )
