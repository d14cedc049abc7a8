"""Folder ids and folder keys: tasks name their folder by id, Maestro wants it by key.

What was looked up is kept, at most `KEPT` pairs: neither ever changes while the folder exists. It is the one thing
beside the HTTP client that this connector remembers.
"""

from collections.abc import Collection, Iterable

from connectors.uipath import odata, wire
from connectors.uipath.client import UiPathClient
from connectors.uipath.native_id import guid

KEPT = 1000
# Folders that one request names.
BATCH = 50
# Folders a page, and the most pages, when all are listed.
PAGE = 200
PAGES = 5


class Folders:
    def __init__(self, client: UiPathClient) -> None:
        self._client = client
        self._keys: dict[int, str] = {}

    async def keys_of(self, ids: Iterable[int]) -> dict[int, str]:
        """The keys of those folders that the account sees."""
        wanted = dict.fromkeys(ids)
        found = {folder: self._keys[folder] for folder in wanted if folder in self._keys}
        missing = [folder for folder in wanted if folder not in found]
        rows = await self._find("Id", [str(folder) for folder in missing])
        return found | {row.id: row.key for row in rows if row.id in wanted}

    async def ids_of(self, keys: Iterable[str]) -> dict[str, int]:
        """The ids of those folders that the account sees, by their key in lower case."""
        wanted = {key for each in keys if (key := guid(each)) is not None}
        found = {key: folder for folder, key in self._keys.items() if key in wanted}
        rows = await self._find("Key", sorted(wanted - found.keys()))
        return found | {row.key: row.id for row in rows if row.key in wanted}

    async def list_ids(self) -> list[int]:
        """The folders that the account sees, at most `PAGE` times `PAGES`."""
        found: list[int] = []
        for page in range(PAGES):
            listing = await self._client.list_folders(filter=None, top=PAGE, skip=page * PAGE)
            found += [row.id for row, _ in listing.rows]
            if len(listing.rows) < PAGE:
                break
        return list(dict.fromkeys(found))

    async def _find(self, member: str, values: Collection[str]) -> list[wire.Folder]:
        found: list[wire.Folder] = []
        for batch in odata.batches(values, BATCH):
            listing = await self._client.list_folders(filter=odata.any_of(member, batch), top=BATCH)
            found += [
                wire.Folder(id=row.id, key=key, display_name=row.display_name)
                for row, _ in listing.rows
                if (key := guid(row.key)) is not None
            ]
        for row in found:
            if len(self._keys) >= KEPT:
                del self._keys[next(iter(self._keys))]
            self._keys[row.id] = row.key
        return found
