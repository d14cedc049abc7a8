"""Who may see a task.

A task admin sees every task. Another person sees a task if one of these is true:

- the person is one of its owners;
- the person, or one of the person's groups, is a candidate;
- the task is READY, has no candidate, and the vendor lets every user claim such tasks (`Connector.open_to_everyone`),
  or every user with rights in the part of the source that the task is in (`ConnectorInfo.access`);
- the person ended the task through this gateway, or owned it when it was ended: then it is shown as that write left it.

A person without an identity in the source sees none of its tasks but those that they ended. The gateway applies the
rule itself, because a service account sees everything. `visible_record` tests one record; `disjuncts` (queries for a
vendor) and `own_ended` (records of the journal) are together the same rule for lists.
`table` says what a person may do to a visible task.
"""

from typing import Any

from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.connector import Connector
from connectors.sdk.model import Task, TaskRef, TaskState
from connectors.sdk.query import TaskQuery
from gateway.federation.authorization.own_work import OwnWork
from schema.ports import InboxScope

READY = frozenset({TaskState.READY})


def is_candidate(identity: Identity, task: Task) -> bool:
    """Whether the person, or one of the person's groups, is a candidate."""
    return any(user.native_id == identity.native_id for user in task.candidate_users or ()) or any(
        identity.belongs_to(group) for group in task.candidate_groups or ()
    )


def is_owner(identity: Identity, task: Task) -> bool:
    return any(user.native_id == identity.native_id for user in task.assignees)


def is_open_to(identity: Identity, connector: Connector[Any], task: Task) -> bool:
    """A READY task without a candidate, of a vendor that lets this user claim those."""
    info = connector.info
    if not info.open_to_everyone or task.state is not TaskState.READY or task.candidate_users or task.candidate_groups:
        return False
    if info.access is None:
        return True
    access = None if task.access_key is None else info.access.get(task.access_key)
    return access is not None and access.holds(identity)


def _open_to(identity: Identity, connector: Connector[Any]) -> list[TaskQuery]:
    """The tasks that `is_open_to` lets the user claim, as queries."""
    info = connector.info
    if not info.open_to_everyone:
        return []
    unrestricted = TaskQuery(states=READY, has_candidates=False)
    if info.access is None:
        return [unrestricted]
    keys = frozenset(key for key, access in info.access.items() if access.holds(identity))
    return [structs.replace(unrestricted, access_keys=keys)] if keys else []


def can_see(caller: Caller, connector: Connector[Any], task: Task) -> bool:
    """Whether one of the first three conditions, or the role of a task admin, shows the vendor's record to the caller."""
    if caller.is_task_admin:
        return True
    identity = caller.identity(connector.source)
    if identity is None:
        return False
    return is_owner(identity, task) or is_candidate(identity, task) or is_open_to(identity, connector, task)


def visible_record(
    caller: Caller, connector: Connector[Any], own: OwnWork, ref: TaskRef, task: Task | None
) -> Task | None:
    """What the caller sees of a task: the vendor's record `task`, or the task as their own write left it, or nothing.

    `task` None: the vendor has no such task.
    """
    if task is not None and can_see(caller, connector, task):
        return task
    identity = caller.identity(connector.source)
    if identity is None and not caller.is_task_admin:
        # As in lists: a machine's key may lack the account that the person ended the task by.
        return None
    return own.left(caller.key, None if identity is None else identity.native_id, ref)


def own_ended(caller: Caller, connector: Connector[Any], own: OwnWork, scope: InboxScope) -> tuple[Task, ...]:
    """The fourth disjunct of a list: tasks that the vendor's list does not show the caller, as their own writes left them.

    Empty outside of ALL_VISIBLE: the tasks are closed, and the other scopes are for work to be done.
    """
    if scope is not InboxScope.ALL_VISIBLE:
        return ()
    identity = caller.identity(connector.source)
    ended = own.of(caller.key, connector.source, None if identity is None else identity.native_id)
    return tuple(left for left, now in ended if now is None or not can_see(caller, connector, now))


def disjuncts(caller: Caller, connector: Connector[Any], scope: InboxScope, asked: TaskQuery) -> tuple[TaskQuery, ...]:
    """Queries whose union is what `caller` sees within `scope`; empty if the caller sees nothing.

    `asked` is the query that they are combined with: if it asks for the caller's own tasks only, one query is enough.
    Without an identity in the source ALL_VISIBLE is everything for a task admin and nothing for another person; the
    other scopes are empty.
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
            return (mine, *candidate, *_open_to(identity, connector))
