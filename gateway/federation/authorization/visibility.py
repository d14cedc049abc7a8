"""Who may see which tasks, as a predicate on rows and as questions that a vendor can answer.

With a service account the vendor shows everything, so the rule is ours: a person sees tasks that they own, tasks where
they or one of their groups is a candidate, and READY tasks without any candidate where the vendor lets everyone take
those. Task admins see all.
"""

from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.connector import Connector
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from schema.ports import InboxScope

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
        connector.info.open_to_everyone
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
    """The conjunctions whose union is what `caller` sees within `scope`; none when that is nothing.

    Those that `asked` makes needless are left out: what one asks for as owner, one sees as owner. ALL_VISIBLE without
    an identity is everything for a task admin and nothing for others.
    """
    identity = caller.identity(connector.source)
    if scope is InboxScope.ALL_VISIBLE and caller.is_task_admin:
        return (TaskQuery(),)
    if identity is None:
        return ()
    mine = TaskQuery(assignees=frozenset({identity.native_id}))
    candidate = [TaskQuery(candidate_users=frozenset({identity.native_id}))]
    if identity.groups:
        candidate.append(TaskQuery(candidate_groups=frozenset(identity.groups)))
    claimable = [structs.replace(query, states=READY) for query in candidate]
    match scope:
        case InboxScope.MINE:
            return (mine,)
        case InboxScope.CLAIMABLE:
            return tuple(claimable)
        case InboxScope.MINE_OR_CLAIMABLE:
            return (mine, *claimable)
        case InboxScope.MY_GROUPS:
            return tuple(candidate[1:])
        case InboxScope.ALL_VISIBLE:
            if asked.assignees == mine.assignees:
                return (mine,)
            free = [TaskQuery(states=READY, has_candidates=False)] if connector.info.open_to_everyone else []
            return (mine, *candidate, *free)
