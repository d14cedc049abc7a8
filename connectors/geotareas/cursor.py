"""Cursors over the vendor's pages by offset, where a list may be several streams of them, one after the other."""

import re
from collections.abc import Sequence

from connectors.geotareas.client import Listing
from connectors.sdk import ValidationFailedError

_CURSOR = re.compile(r"([A-Z_]+):([0-9]{1,9})")


def position(cursor: str | None, streams: Sequence[str]) -> tuple[str, int]:
    """The stream and the offset where a page begins; ValidationFailedError for a cursor of another list."""
    if cursor is None:
        return streams[0], 0
    match = _CURSOR.fullmatch(cursor)
    if match is None or match[1] not in streams:
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return match[1], int(match[2])


def following(streams: Sequence[str], stream: str, offset: int, listing: Listing[object]) -> str | None:
    """Where the next page begins: behind the rows that came, in the next stream, or nowhere."""
    end = offset + len(listing.rows)
    # Without a total, only an empty page tells the end.
    if listing.rows and (listing.total is None or end < listing.total):
        return f"{stream}:{end}"
    rest = streams[streams.index(stream) + 1 :]
    return f"{rest[0]}:0" if rest else None
