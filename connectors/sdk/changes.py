"""What a vendor tells of changes, where it tells."""

from collections.abc import Sequence

from msgspec import Struct

from connectors.sdk.model import Task


class Changes(Struct, frozen=True, kw_only=True):
    """`tasks`: as they are now, open or not, each once. `gone`: ids of tasks that are not there any more.

    `is_whole` False: more has changed than was read; the gateway then reads the whole list. `lacks_updates`: it tells of new
    and ended tasks only, so that the gateway reads the whole list more often.
    """

    tasks: Sequence[Task] = ()
    gone: frozenset[str] = frozenset()
    is_whole: bool = True
    lacks_updates: bool = False
