"""The accounts and groups that the rows of a list name: each distinct one is looked up once, all in one load."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.model import NativeRef, Task
from schema.compiled.leaves import Surprise
from schema.core.context import Context
from schema.people import GroupByRefLoader, UserByRefLoader

Made = dict[str, Any]


class Naming(Struct, frozen=True):
    """A selected field that names accounts or groups. `of`: those that a task names; `needs`: whether the directory is needed for one."""

    is_group: bool
    of: Callable[[Task], Sequence[Any]]
    needs: Callable[[Any], bool]


class Directory:
    """For one completion of one list."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._linked = context.federation.person_linked_to
        self._people: dict[NativeRef, Caller | None] = {}
        self._users: dict[NativeRef, Any] = {}
        self._groups: dict[NativeRef, Any] = {}

    def missing(self, namings: Sequence[Naming], tasks: Sequence[Task]) -> tuple[list[NativeRef], list[NativeRef]]:
        """Users and groups to load. Only the directory has the fields that are selected of them."""
        wanted: tuple[dict[NativeRef, None], dict[NativeRef, None]] = ({}, {})
        for naming in namings:
            seen: set[Hashable] = set()
            found = wanted[naming.is_group]
            for task in tasks:
                for row in naming.of(task):
                    key = (task.source, row)
                    if key in seen:
                        continue
                    seen.add(key)
                    if naming.needs(row):
                        ref = NativeRef(task.source, row.native_id)
                        if naming.is_group or self._person(ref) is None:
                            found[ref] = None
        return list(wanted[0]), list(wanted[1])

    async def load(self, users: list[NativeRef], groups: list[NativeRef]) -> None:
        """Through the request's loaders: what they have is not read again. Surprise if one of them fails."""
        context = self._context
        if users:
            self._users = await _loaded(context.loader(UserByRefLoader), users)
        if groups:
            self._groups = await _loaded(context.loader(GroupByRefLoader), groups)

    def users(self, show: Callable[[NativeRef, Any, Caller | None, Any], Made]) -> Callable[[str, Any], Made]:
        """What shows a user of a row. Rows that name one account share its answer, which is not changed afterwards."""
        made: dict[Hashable, Made] = {}
        found = self._users

        def of(source: str, row: Any) -> Made:
            key = (source, row)
            done = made.get(key)
            if done is None:
                ref = NativeRef(source, row.native_id)
                done = made[key] = show(ref, row, self._person(ref), found.get(ref))
            return done

        return of

    def groups(self, show: Callable[[NativeRef, Any, Caller | None, Any], Made]) -> Callable[[str, Any], Made]:
        """As `users`."""
        made: dict[Hashable, Made] = {}
        found = self._groups

        def of(source: str, row: Any) -> Made:
            key = (source, row)
            done = made.get(key)
            if done is None:
                ref = NativeRef(source, row.native_id)
                done = made[key] = show(ref, row, None, found.get(ref))
            return done

        return of

    def _person(self, ref: NativeRef) -> Caller | None:
        """The person as they were when the list was begun, so that what is loaded fits what is shown."""
        if ref not in self._people:
            self._people[ref] = self._linked(ref)
        return self._people[ref]


async def _loaded(loader: Any, refs: list[NativeRef]) -> dict[NativeRef, Any]:
    values = await loader.load_many(refs)
    if any(isinstance(value, Exception) for value in values):
        raise Surprise
    return dict(zip(refs, values, strict=True))
