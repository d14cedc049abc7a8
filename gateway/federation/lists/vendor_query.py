"""What a vendor is asked: the caller's filter within one disjunct of the rule of visibility.

The disjunct is always part of the question. So the vendor's answer, and the number of calls that it takes, depends on
tasks that the caller may see and on no others.

Where a vendor cannot apply the disjunct, its answer has tasks of other people too. Then only those conditions of the
filter are sent that say nothing about chosen tasks: otherwise the length of the answer would tell how many hidden tasks
meet a condition. The gateway applies the rest.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.connector import Connector
from connectors.sdk.query import TaskQuery
from gateway.federation.lists.query_logic import is_contradictory, within

# A query, whether it is exact, and whether the answer has tasks of other people.
_Part = tuple[TaskQuery, bool, bool]


class VendorQuery(Struct, frozen=True):
    """The filter and one disjunct, or a union of some, as one query.

    `is_exact`: it says all that they say. `shows_others`: the vendor's answer has tasks that the caller may not see.
    """

    query: TaskQuery
    is_exact: bool
    disjuncts: tuple[TaskQuery, ...]
    shows_others: bool = False

    @property
    def visible(self) -> tuple[TaskQuery, ...]:
        """The disjuncts as they are tested on rows without candidates."""
        return tuple(each.bare() for each in self.disjuncts)


def vendor_queries(
    asked: TaskQuery, scope: Sequence[TaskQuery], visible: Sequence[TaskQuery], connector: Connector[Any]
) -> list[VendorQuery]:
    """The query `asked` within each disjunct of `scope` that it can match in; within several where one question is enough.

    `visible` are queries whose union is all that the caller may see.
    """
    parts: dict[_Part, tuple[TaskQuery, ...]] = {}
    for disjunct in scope:
        part = _of_one(asked, disjunct, visible, connector)
        if part is not None:
            parts[part] = (*parts.get(part, ()), disjunct)
    queries = [
        VendorQuery(query, is_exact, same, shows_others) for (query, is_exact, shows_others), same in parts.items()
    ]
    if not connector.info.takes_unions or len(queries) < 2 or asked.ids is not None:
        return queries
    unions: list[list[VendorQuery]] = []
    for each in queries:
        home = next((union for union in unions if _takes(connector, asked, [*union, each])), None)
        if home is None:
            unions.append([each])
        else:
            home.append(each)
    return [union[0] if len(union) == 1 else _united(asked, union) for union in unions]


def _of_one(
    asked: TaskQuery, disjunct: TaskQuery, visible: Sequence[TaskQuery], connector: Connector[Any]
) -> _Part | None:
    """None if no task is in both."""
    if connector.info.one_owner and asked.assignees is not None and disjunct.assignees is not None:
        asked = structs.replace(asked, assignees=asked.assignees & disjunct.assignees)
    query, is_exact = within(asked, disjunct)
    if is_contradictory(query):
        return None
    if any(_is_within(connector.pushdown(query), each) for each in visible):
        return query, is_exact, False
    coarse = _coarse(asked)
    query, says_all = within(coarse, disjunct)
    return query, says_all and coarse == asked, True


def _united(asked: TaskQuery, parts: Iterable[VendorQuery]) -> VendorQuery:
    """The vendor applies the whole union, so that its answer has no tasks of other people."""
    every = tuple(disjunct for part in parts for disjunct in part.disjuncts)
    return VendorQuery(structs.replace(asked, any_of=every), is_exact=True, disjuncts=every)


def _takes(connector: Connector[Any], asked: TaskQuery, parts: Iterable[VendorQuery]) -> bool:
    """Whether the vendor answers the union in one question."""
    query = _united(asked, parts).query
    return connector.pushdown(query).any_of == query.any_of


def _is_within(pushed: TaskQuery, visible: TaskQuery) -> bool:
    """Whether the vendor's answer to `pushed` has only tasks that `visible` matches."""
    return is_contradictory(pushed) or all(
        _implies(getattr(pushed, name), wanted)
        for name in visible.__struct_fields__
        if (wanted := getattr(visible, name)) is not None and wanted not in ((), frozenset())
    )


def _implies(pushed: object, wanted: object) -> bool:
    if isinstance(pushed, frozenset) and isinstance(wanted, frozenset):
        return pushed <= wanted
    return pushed == wanted


def _coarse(asked: TaskQuery) -> TaskQuery:
    """The conditions that are sent also where the answer has tasks of other people.

    Ids, flows: the caller must know them, and they are read one by one. State and overdue: a few large classes. `present`
    and `absent` are parts of an ordered list.
    """
    return TaskQuery(
        ids=asked.ids,
        flows=asked.flows,
        states=asked.states,
        overdue_at=asked.overdue_at,
        present=asked.present,
        absent=asked.absent,
    )
