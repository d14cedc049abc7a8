"""Who may see which tasks, as a predicate on rows and as questions that a vendor can answer.

With a service account the vendor shows everything, so the rule is ours: a person sees tasks that they own, tasks where
they or one of their groups is a candidate, and READY tasks without any candidate where the vendor lets everyone take
those. Task admins see all.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.connector import Connector
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from schema.port import InboxScope

READY = frozenset({TaskState.READY})


def is_candidate(identity: Identity, task: Task) -> bool:
    """Whether the person, or one of their groups, is a potential owner."""
    return any(user.native_id == identity.native_id for user in task.candidate_users or ()) or any(
        identity.belongs_to(group) for group in task.candidate_groups or ()
    )


def is_owner(identity: Identity, task: Task) -> bool:
    return any(user.native_id == identity.native_id for user in task.assignees)


def is_free_for_all(connector: Connector[Any], task: Task) -> bool:
    """A READY task without any candidate, at a vendor where anybody may take those."""
    return (
        connector.open_to_everyone
        and task.state is TaskState.READY
        and not task.candidate_users
        and not task.candidate_groups
    )


def can_see(caller: Caller, connector: Connector[Any], task: Task) -> bool:
    if caller.is_task_admin:
        return True
    identity = caller.identity(connector.source)
    if identity is None:
        return False
    return is_owner(identity, task) or is_candidate(identity, task) or is_free_for_all(connector, task)


def disjuncts(caller: Caller, connector: Connector[Any], scope: InboxScope, asked: TaskQuery) -> tuple[TaskQuery, ...]:
    """The conjunctions whose union is what `caller` sees of `asked` within `scope`; none when nothing can match.

    ALL_VISIBLE without an identity is everything for a task admin and nothing for others.
    """
    identity = caller.identity(connector.source)
    if scope is InboxScope.ALL_VISIBLE and caller.is_task_admin:
        return _joined(asked, [TaskQuery()])
    if identity is None:
        return ()
    mine = TaskQuery(assignees=frozenset({identity.native_id}))
    candidate = [TaskQuery(candidate_users=frozenset({identity.native_id}))]
    if identity.groups:
        candidate.append(TaskQuery(candidate_groups=frozenset(identity.groups)))
    claimable = [structs.replace(query, states=READY) for query in candidate]
    match scope:
        case InboxScope.MINE:
            parts = [mine]
        case InboxScope.CLAIMABLE:
            parts = claimable
        case InboxScope.MINE_OR_CLAIMABLE:
            parts = [mine, *claimable]
        case InboxScope.MY_GROUPS:
            parts = candidate[1:]
        case InboxScope.ALL_VISIBLE:
            parts = [mine]
            if asked.assignees != mine.assignees:
                parts += candidate
                if connector.open_to_everyone:
                    parts.append(TaskQuery(states=READY, has_candidates=False))
    return _joined(asked, parts)


def _joined(asked: TaskQuery, parts: Sequence[TaskQuery]) -> tuple[TaskQuery, ...]:
    joined = (_both(asked, part) for part in parts)
    return tuple(dict.fromkeys(query for query in joined if query is not None))


def _both(left: TaskQuery, right: TaskQuery) -> TaskQuery | None:
    """The conjunction of what is asked and one of our own; None when it contradicts itself."""
    both = structs.replace(
        left,
        states=_meet(left.states, right.states),
        assignees=_meet(left.assignees, right.assignees),
        has_assignee=left.has_assignee if right.has_assignee is None else right.has_assignee,
        candidate_users=_meet(left.candidate_users, right.candidate_users),
        candidate_groups=_meet(left.candidate_groups, right.candidate_groups),
        has_candidates=left.has_candidates if right.has_candidates is None else right.has_candidates,
    )
    empty = frozenset[Any]()
    contradicts = (
        empty in (both.states, both.assignees, both.candidate_users, both.candidate_groups, both.flows)
        or (both.assignees is not None and both.has_assignee is False)
        or (both.states == READY and (both.assignees is not None or both.has_assignee is True))
    )
    return None if contradicts else both


def _meet(left: frozenset[Any] | None, right: frozenset[Any] | None) -> frozenset[Any] | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right
