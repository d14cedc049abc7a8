"""AssignTasks, ReassignTasks, UnassignTasks and DeleteTasks: items are independent, failures are listed in a 200."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.uipath.auth import Caller
from sandbox.uipath.directory import FOLDERS, USERS, User, folder_users, named
from sandbox.uipath.errors import RefusalError, invalid, not_authorized
from sandbox.uipath.records import ASSIGNMENT_CRITERIA, Assignment, Task
from sandbox.uipath.requests import Body
from sandbox.uipath.store import Store

LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class AssignmentItem:
    """One item of `taskAssignments`. `users` are the ids, user names or e-mail addresses that it contains."""

    task: int
    user: int | None
    name: str | None
    criteria: str
    users: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """`done` are the ids of changed tasks, `errors` the entries of the answer's `value`."""

    done: list[int]
    errors: list[dict[str, Any]]


def items_of(body: Body) -> list[AssignmentItem]:
    return [_item(each) for each in body.bodies("taskAssignments")]


def _item(body: Body) -> AssignmentItem:
    user, name = body.integer("userId"), body.text("userNameOrEmail", longest=LONGEST_NAME)
    criteria = body.choice("assignmentCriteria", ASSIGNMENT_CRITERIA) or "SingleUser"
    if body.has("assigneeUserIds"):
        users: tuple[int | str, ...] = tuple(body.integers("assigneeUserIds"))
    elif body.has("assigneeNamesOrEmails"):
        users = tuple(body.texts("assigneeNamesOrEmails"))
    else:
        # If the item has both, the id counts.
        users = (user,) if user is not None else (name,) if name is not None else ()
    return AssignmentItem(body.id("taskId"), user, name, criteria, users)


class AssignmentBatch:
    def __init__(self, store: Store, caller: Caller, now: datetime) -> None:
        self._store = store
        self._caller = caller
        self._now = now
        if not caller.edit:
            raise not_authorized()

    def assign(self, items: Iterable[AssignmentItem], *, again: bool) -> BatchResult:
        result = BatchResult([], [])
        for item in items:
            try:
                self._assign(item, again=again)
                result.done.append(item.task)
            except RefusalError as refusal:
                result.errors.append(_entry(item.task, refusal, item.user, item.name))
        return result

    def unassign(self, ids: Iterable[int]) -> BatchResult:
        result = BatchResult([], [])
        for id in ids:
            try:
                self._unassign(self._open(id))
                result.done.append(id)
            except RefusalError as refusal:
                result.errors.append(_entry(id, refusal))
        return result

    def delete(self, ids: Iterable[int]) -> BatchResult:
        result = BatchResult([], [])
        for id in ids:
            try:
                self._store.delete(self._editable(id), self._caller, self._now)
                result.done.append(id)
            except RefusalError as refusal:
                result.errors.append(_entry(id, refusal))
        return result

    def _assign(self, item: AssignmentItem, *, again: bool) -> None:
        task = self._open(item.task)
        if again != (task.status == "Pending"):
            raise invalid("The action is not assigned." if again else "The action is already assigned.")
        users = [self._user(each, task) for each in item.users]
        if not users:
            raise invalid("A user is required.")
        criteria, assignees = self._chosen(item.criteria, users)
        task.status = "Pending"
        task.criteria = criteria
        task.assignee = None if criteria == "AllUsers" else assignees[0].id
        task.assignments = [Assignment(self._store.new_inner_id(), each.id) for each in assignees]
        task.assigned_at = self._now
        kind = "Reassigned" if again else "Assigned"
        self._store.touched(task, kind, self._caller, self._now, target=assignees[0].id)

    def _chosen(self, criteria: str, users: list[User]) -> tuple[str, list[User]]:
        """Return the criterion and its assignees: all users, or the one that the criterion chooses among the members."""
        if criteria == "AllUsers":
            return criteria, users
        if len(users) > 1 and criteria == "SingleUser":
            raise invalid("Only one user can be assigned with this criteria.")
        people = [USERS[id] for each in users for id in each.members] if users[0].members else users
        if criteria == "SingleUser":
            if users[0].type == "DirectoryGroup":
                raise invalid("An assignment criteria is required for a group.")
            return criteria, users
        if criteria == "Hierarchy" or not people:
            raise invalid("The assignment criteria cannot be used here.")
        load = {each.id: 0 for each in people}
        latest = {each.id: 0.0 for each in people}
        for task in self._store.tasks.values():
            if task.assignee in load:
                load[task.assignee] += task.is_open
                moment = task.assigned_at.timestamp() if task.assigned_at is not None else 0.0
                latest[task.assignee] = max(latest[task.assignee], moment)
        # Workload: the user with the fewest open tasks. Round robin: the user whose last assignment is the oldest.
        rank = load if criteria == "Workload" else latest
        return criteria, [min(people, key=lambda each: (rank[each.id], each.id))]

    def _user(self, wanted: int | str, task: Task) -> User:
        user = USERS.get(wanted) if isinstance(wanted, int) else named(wanted)
        if user is None:
            raise RefusalError(404, "User does not exist.", 1002)
        if user not in folder_users(FOLDERS[task.folder]):
            raise invalid("The user does not have the required permissions in the folder.")
        return user

    def _unassign(self, task: Task) -> None:
        if task.status != "Pending":
            raise invalid("The action is not assigned.")
        if task.criteria == "AllUsers":
            raise invalid("An action that is assigned to all users cannot be unassigned.")
        was = task.assignee
        task.status, task.assignee, task.assignments, task.criteria = "Unassigned", None, [], "SingleUser"
        self._store.touched(task, "Unassigned", self._caller, self._now, target=was)

    def _open(self, id: int) -> Task:
        task = self._editable(id)
        if task.status == "Completed":
            raise invalid("The action is already completed.")
        return task

    def _editable(self, id: int) -> Task:
        """Return the task. Raises 404 if it is deleted or if the caller has no Tasks.Edit in its folder."""
        task = self._store.visible(id, self._caller)
        if task.deleted is not None or task.folder not in self._caller.edit:
            raise RefusalError(404, "Action does not exist.", 1002)
        return task


def _entry(task: int, refusal: RefusalError, user: int | None = None, name: str | None = None) -> dict[str, Any]:
    return {
        "TaskId": task,
        "UserId": user,
        "ErrorCode": refusal.code,
        "ErrorMessage": refusal.message,
        "UserNameOrEmail": name,
    }
