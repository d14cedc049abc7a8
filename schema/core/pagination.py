"""Pages of lists that are whole in memory: comments, activities."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.errors import InputError
from schema.core.arguments import MAX_PAGE
from schema.core.relay import PageInfo

T = TypeVar("T")


class Window(Struct, Generic[T], frozen=True):
    """Rows of one page with their cursors, and where it lies."""

    rows: Sequence[tuple[str, T]]
    page_info: PageInfo


def window(
    rows: Sequence[T],
    name: Callable[[T], str],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    default: int,
) -> Window[T]:
    """Relay's paging over `rows`, whose names are unique. VALIDATION_FAILED for sizes and cursors that do not fit."""
    for field, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE:
            raise InputError(f"{field} must be 1..{MAX_PAGE}", field=(field,))
    if first is not None and last is not None:
        raise InputError("give first or last, not both", field=("last",))
    names = [name(row) for row in rows]
    start = 0 if after is None else _index(names, after, "after") + 1
    end = len(rows) if before is None else _index(names, before, "before")
    end = max(start, end)
    if last is not None:
        start = max(start, end - last)
    else:
        end = min(end, start + (first or default))
    page = [(_cursor(names[index]), rows[index]) for index in range(start, end)]
    return Window(
        page,
        PageInfo(
            has_next_page=end < len(rows),
            has_previous_page=start > 0,
            first_cursor=(lambda: page[0][0]) if page else None,
            last_cursor=(lambda: page[-1][0]) if page else None,
        ),
    )


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _index(names: Sequence[str], cursor: str, field: str) -> int:
    try:
        name = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        return names.index(name)
    except (binascii.Error, ValueError):
        raise InputError(
            "the cursor belongs to no row of this list (any more); ask again without it", field=(field,)
        ) from None
