"""What the bridge makes of the kernel and the realm, for one caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.littlehorse import answers, parameters
from sandbox.littlehorse.forms import DEFINITIONS
from sandbox.littlehorse.issuer import Claims
from sandbox.littlehorse.kernel import Kernel, KernelError, Key, Search, TaskRun
from sandbox.littlehorse.realm import REALM_GROUPS, USERS, User, UserIdClaim
from sandbox.littlehorse.refusals import SOMEBODY_ELSES, SOMEBODY_ELSES_GROUP, RefusalError
from sandbox.stand_in import EffectLog

Json = dict[str, Any]
Query = Mapping[str, str]


@dataclass(slots=True)
class Oddities:
    """What differs between installations.

    `knows_completion`: whether admin details of finished tasks can be shown (not up to v0.16.1). `meanwhile` runs
    once, between the bridge's own checks and the kernel's command.
    """

    identity_adapter: bool = True
    user_id_claim: UserIdClaim = "EMAIL"
    knows_completion: bool = True
    partitions: int = 1
    meanwhile: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    user: User
    kernel_id: str
    groups: tuple[str, ...]


class Bridge:
    def __init__(self, kernel: Kernel, oddities: Oddities, effects: EffectLog) -> None:
        self.kernel = kernel
        self._oddities = oddities
        self._effects = effects

    def caller(self, claims: Claims) -> Caller:
        """Groups are known through the identity adapter only."""
        user = USERS[claims["sub"]]
        groups = user.groups if self._oddities.identity_adapter else ()
        return Caller(user, user.kernel_id(self._oddities.user_id_claim), groups)

    # Reads

    def my_tasks(self, caller: Caller, query: Query) -> Json:
        status = parameters.status(query)
        group = self._own_group(caller, query.get("user_group_id"))
        user = None if status == "UNASSIGNED" and group is not None else caller.kernel_id
        return self._page(query, Search(query.get("type") or None, status, user, group, *parameters.dates(query)))

    def claimable(self, caller: Caller, query: Query) -> Json:
        group = self._own_group(caller, parameters.required(query, "user_group_id"))
        return self._page(query, Search(None, "UNASSIGNED", None, group, *parameters.dates(query)))

    def all_tasks(self, query: Query) -> Json:
        definition, status = parameters.required(query, "type"), parameters.status(query)
        user, group = query.get("user_id") or None, query.get("user_group_id") or None
        if self._oddities.identity_adapter:
            if user is not None:
                if user not in USERS:
                    raise RefusalError(500, shape="problem")
                user = USERS[user].kernel_id(self._oddities.user_id_claim)
            if group is not None:
                if group not in REALM_GROUPS:
                    raise RefusalError(500, shape="problem")
                group = REALM_GROUPS[group].name
        return self._page(query, Search(definition, status, user, group, *parameters.dates(query)))

    def task_types(self, query: Query) -> Json:
        limit, names = parameters.integer(query, "limit"), sorted(DEFINITIONS)
        bookmark = query.get("bookmark")
        start = names.index(bookmark) + 1 if bookmark in names else 0
        page = names[start : start + limit]
        return {"userTaskDefNames": page[::-1], "bookmark": page[-1] if start + limit < len(names) else None}

    def detail(self, caller: Caller, key: Key) -> Json:
        task = self._read(key, "problem")
        if task.user is not None and task.user != caller.kernel_id:
            raise RefusalError(401, _forbidden(task), "problem")
        return answers.detail(task)

    def admin_detail(self, key: Key) -> Json:
        task = self._read(key, "problem")
        if not self._oddities.knows_completion and any(each.type == "TASK_COMPLETED" for each in task.events):
            raise RefusalError(500, shape="problem")
        return answers.admin_detail(task, adapter=self._oddities.identity_adapter)

    def own_groups(self, caller: Caller) -> Json:
        self._adapter()
        return {"groups": [answers.group(each) for each in REALM_GROUPS.values() if each.name in caller.groups]}

    def me(self, caller: Caller) -> Json:
        self._adapter()
        return answers.user(caller.user)

    def all_groups(self) -> Json:
        self._adapter()
        return {"groups": [answers.group(each) for each in reversed(REALM_GROUPS.values())]}

    def users(self, query: Query) -> Json:
        """Filters find parts of what they name; a group goes with no other."""
        self._adapter()
        filters = {name: query[name] for name in ("email", "first_name", "last_name", "username") if query.get(name)}
        group = query.get("user_group_id")
        if group and filters:
            raise RefusalError(500, shape="problem")
        name = REALM_GROUPS[group].name if group in REALM_GROUPS else None
        found = [
            user
            for user in USERS.values()
            if (not group or name in user.groups)
            and all(part.casefold() in str(getattr(user, column)).casefold() for column, part in filters.items())
        ]
        first = parameters.integer(query, "first_result", 0)
        most = parameters.integer(query, "max_results", 10)
        return {"users": [answers.user(user) for user in found[first : first + most]]}

    def user(self, user_id: str) -> Json:
        self._adapter()
        if user_id not in USERS:
            raise RefusalError(404, shape="problem")
        return answers.user(USERS[user_id])

    # Commands

    def claim(self, caller: Caller, key: Key, *, admin: bool, request_id: str | None) -> None:
        task = self._current(key, "Could not find UserTaskRun!")
        allowed = task.is_open if admin else task.status == "UNASSIGNED" and task.group in caller.groups
        if not allowed:
            raise RefusalError(409, "UserTaskRun cannot be claimed!")
        self._meanwhile()
        try:
            self.kernel.claim(key, caller.kernel_id, override=admin)
        except KernelError as error:
            raise RefusalError(409, error.message) from None
        self._note("claim", key, caller, request_id)

    def complete(self, caller: Caller, key: Key, body: bytes, *, admin: bool, request_id: str | None) -> None:
        given = parameters.results(body)
        task = self._current(key)
        if not admin and task.user is not None and task.user != caller.kernel_id:
            raise RefusalError(500, _forbidden(task))
        self._refuse_closed(task, "complete")
        blank = [
            field.name
            for field in task.form.fields
            if field.required
            and field.type == "STRING"
            and field.name in given
            and not str(given[field.name][1] or "").strip()
        ]
        if blank:
            raise RefusalError(
                400, f"Mandatory Field(s): {', '.join(blank)} contain invalid inputs (null or whitespace-only values)"
            )
        values = {name: (kind, parameters.converted(kind, value)) for name, (kind, value) in given.items()}
        self._meanwhile()
        try:
            done = self.kernel.complete(key, caller.kernel_id, values)
        except KernelError as error:
            raise RefusalError(400, error.message) from None
        if done is not None:
            self._note("complete", key, caller, request_id)

    def cancel(self, caller: Caller, key: Key, *, admin: bool, request_id: str | None) -> None:
        task = self._current(key)
        if not admin and task.user is not None and task.user != caller.kernel_id:
            raise RefusalError(401, _forbidden(task))
        self._refuse_closed(task, "cancel")
        self._meanwhile()
        try:
            self.kernel.cancel(key, "Cancelled by an admin" if admin else "Cancelled")
        except KernelError as error:
            raise RefusalError(412, error.message) from None
        self._note("cancel", key, caller, request_id)

    def assign(self, caller: Caller, key: Key, body: bytes, *, request_id: str | None) -> None:
        given = parameters.json_object(body)
        user, group = (str(given.get(name) or "").strip() or None for name in ("userId", "userGroup"))
        if user is None and group is None:
            raise RefusalError(400, "Neither a user nor a group was given.")
        if self._oddities.identity_adapter:
            user, group = self._looked_up(user, group)
        before = self._current(key)
        try:
            self.kernel.assign(key, user, group)
        except KernelError as error:
            raise RefusalError(412, error.message) from None
        gave_back = user is None and before.user is not None and group == before.group
        self._note("unassign" if gave_back else "assign", key, caller, request_id)

    # Comments

    def comments(self, key: Key) -> list[Json]:
        try:
            return answers.comments(self.kernel.read(key))
        except KernelError:
            raise RefusalError(404, "User not found") from None

    def comment(
        self, caller: Caller, key: Key, kind: str, *, id: int | None, text: str | None, request_id: str | None
    ) -> Json:
        """Add, edit or delete: `kind` is the event's type."""
        try:
            task = self.kernel.current(key)
        except KernelError:
            raise RefusalError(404, "UserTask does not exist") from None
        latest = {each.body["commentId"]: each.type for each in task.events if each.type.startswith("COMMENT_")}
        if id is not None and latest.get(id, "COMMENT_DELETED") == "COMMENT_DELETED":
            raise RefusalError(404, "Comment does not exist")
        number = len(latest) + 1 if id is None else id
        author = f"{caller.user.id}::{caller.user.username}"
        body: Json = {"userId": author, "commentId": number}
        if kind != "COMMENT_DELETED":
            if not text or not text.strip():
                raise RefusalError(400, "INVALID_ARGUMENT: the comment is empty")
            body = {"comment": text, **body}
        changed = self.kernel.commit(task, kind, body)
        self._note("comment", key, caller, request_id)
        return answers.event(changed.events[-1])

    def _page(self, query: Query, search: Search) -> Json:
        limit = parameters.integer(query, "limit")
        partitions = self._oddities.partitions
        keys, bookmark = self.kernel.search(search, limit, query.get("bookmark"), partitions)
        claim, adapter = self._oddities.user_id_claim, self._oddities.identity_adapter
        # A Java set: the order within a page says nothing.
        rows = [answers.row(self.kernel.read(key), claim, adapter=adapter) for key in sorted(keys, key=hash_of)]
        return {"userTasks": rows, "bookmark": bookmark}

    def _own_group(self, caller: Caller, group: str | None) -> str | None:
        if not group or not self._oddities.identity_adapter:
            return group or None
        known = REALM_GROUPS.get(group)
        if known is None or known.name not in caller.groups:
            raise RefusalError(403, "The user is not a member of the group")
        return known.name

    def _looked_up(self, user: str | None, group: str | None) -> tuple[str | None, str | None]:
        if user is not None and user not in USERS:
            raise RefusalError(400, "Cannot assign Task to non-existent user.")
        known = None if group is None else REALM_GROUPS.get(group)
        if group is not None and (known is None or (user is not None and known.name not in USERS[user].groups)):
            raise RefusalError(
                400,
                "Cannot assign Task to non-existent group, nor can the Task be assigned to an existing group that the "
                "requested user is not a member of.",
            )
        native = None if user is None else USERS[user].kernel_id(self._oddities.user_id_claim)
        return native, None if known is None else known.name

    def _adapter(self) -> None:
        if not self._oddities.identity_adapter:
            raise RefusalError(406, "No identity provider adapter for this vendor")

    def _read(self, key: Key, shape: Any) -> TaskRun:
        try:
            return self.kernel.read(key)
        except KernelError:
            # The backend maps no NOT_FOUND here, and says nothing.
            raise RefusalError(500, shape=shape) from None

    def _current(self, key: Key, otherwise: str | None = None) -> TaskRun:
        try:
            return self.kernel.current(key)
        except KernelError as error:
            raise RefusalError(500, otherwise or error.message) from None

    def _refuse_closed(self, task: TaskRun, verb: str) -> None:
        if not task.is_open:
            raise RefusalError(403, f"The UserTask you are trying to {verb} is already DONE or CANCELLED")

    def _meanwhile(self) -> None:
        act, self._oddities.meanwhile = self._oddities.meanwhile, None
        if act is not None:
            act()

    def _note(self, action: str, key: Key, caller: Caller, request_id: str | None) -> None:
        self._effects.record(action, ":".join(key), caller.kernel_id, request_id)


def hash_of(key: Key) -> str:
    """An order that has nothing to do with any other."""
    return f"{key[0][::-1]}{key[1]}"


def _forbidden(task: TaskRun) -> str:
    return SOMEBODY_ELSES if task.group is None else SOMEBODY_ELSES_GROUP
