"""Finds people or accounts by words, in the order of their names."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from connectors.sdk.row_test import folded

# Comes after the names of those who have one.
LAST_NAME = "\U0010ffff"
# Folded texts, and so the words of a search, hold no line breaks.
BREAK = "\n"
# Rows that are compared at once: a list that needs the first of them only does not look at all.
AT_ONCE = 2_000

Row = tuple[str, str, str]


class NameIndex:
    """Texts are folded once, when they are added. A search looks for its words in the folded texts, and does nothing else.

    A row is a folded name, a key and all folded texts.
    """

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._by_key: dict[str, Row] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, key: str, texts: Sequence[str]) -> None:
        """Adds the row, or replaces it. The first of `texts` is the name."""
        self.remove(key)
        row = self._by_key[key] = _row(key, texts)
        insort(self._rows, row)

    def remove(self, key: str) -> None:
        """For a row that was `put`."""
        row = self._by_key.pop(key, None)
        if row is not None:
            del self._rows[bisect_left(self._rows, row)]

    def extend(self, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Adds many rows with new keys, for good. `sort` makes them ready."""
        self._rows += [_row(key, texts) for key, texts in rows]

    def sort(self) -> None:
        self._rows.sort()

    def find(self, search: str | None) -> Iterator[str]:
        """The keys of the rows that have each word of `search` in one of their texts, by name."""
        words = sorted(folded(search or "").split(), key=len, reverse=True)
        rows = self._rows
        for start in range(0, len(rows), AT_ONCE):
            found = rows[start : start + AT_ONCE]
            for word in words:
                # A list made of a list: several times faster than a test of all words of each row.
                found = [row for row in found if word in row[2]]
            yield from (row[1] for row in found)


def _row(key: str, texts: Sequence[str]) -> Row:
    plain = [folded(text) for text in texts]
    return (plain[0] if plain and plain[0] else LAST_NAME, key, BREAK.join(plain))
