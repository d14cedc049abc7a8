"""What a vendor is asked: the caller's filter within one disjunct of the rule of visibility.

The disjunct is always part of the question. So the vendor's answer, and the number of calls that it takes, depends on
tasks that the caller may see and on no others.

Where a vendor cannot apply the disjunct, its answer has tasks of other people too. Then only those conditions of the
filter are sent that say nothing about chosen tasks: otherwise the length of the answer would tell how many hidden tasks
meet a condition. The gateway applies the rest.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.connector import Connector
from connectors.sdk.query import TaskQuery
from gateway.federation.lists.query_logic import is_contradictory, within


class VendorQuery(Struct, frozen=True):
    """The filter and one disjunct as one query.

    `is_exact`: it says all that both say. `shows_others`: the vendor's answer has tasks that the caller may not see.
    """

    query: TaskQuery
    is_exact: bool
    shows_others: bool = False


def vendor_queries(
    asked: TaskQuery, scope: Sequence[TaskQuery], visible: Sequence[TaskQuery], connector: Connector[Any]
) -> list[VendorQuery]:
    """The query `asked` within each disjunct of `scope` that it can match in.

    `visible` are queries whose union is all that the caller may see.
    """
    queries = [_of_one(asked, disjunct, visible, connector) for disjunct in scope]
    return list(dict.fromkeys(each for each in queries if each is not None))


def _of_one(
    asked: TaskQuery, disjunct: TaskQuery, visible: Sequence[TaskQuery], connector: Connector[Any]
) -> VendorQuery | None:
    """None if no task is in both."""
    if connector.info.one_owner and asked.assignees is not None and disjunct.assignees is not None:
        asked = structs.replace(asked, assignees=asked.assignees & disjunct.assignees)
    query, is_exact = within(asked, disjunct)
    if is_contradictory(query):
        return None
    if any(_is_within(connector.pushdown(query), each) for each in visible):
        return VendorQuery(query, is_exact)
    coarse = _coarse(asked)
    query, says_all = within(coarse, disjunct)
    return VendorQuery(query, says_all and coarse == asked, shows_others=True)


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
