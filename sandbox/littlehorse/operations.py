"""The bridge's operations for one caller, over the kernel and the realm."""

from collections.abc import Mapping
from typing import Any

from sandbox.littlehorse import answers, requests
from sandbox.littlehorse.auth import Caller, Claims
from sandbox.littlehorse.definitions import DEFINITIONS
from sandbox.littlehorse.directory import REALM_GROUPS, USERS
from sandbox.littlehorse.errors import OWNED_BY_OTHERS, OWNED_BY_OTHERS_IN_GROUP, KernelError, RefusalError
from sandbox.littlehorse.records import Key, TaskRun
from sandbox.littlehorse.search import TaskSearch
from sandbox.littlehorse.store import Kernel
from sandbox.littlehorse.variants import BridgeVariant
from sandbox.stand_in import EffectLog

Json = dict[str, Any]
Query = Mapping[str, str]


class Bridge:
    def __init__(self, kernel: Kernel, variant: BridgeVariant, effects: EffectLog) -> None:
        self.kernel = kernel
        self._variant = variant
        self._effects = effects

    def caller(self, claims: Claims) -> Caller:
        user = USERS[claims["sub"]]
        groups = user.groups if self._variant.identity_adapter else ()
        return Caller(user, user.kernel_id(self._variant.user_id_claim), groups)

    # Reads

    def my_tasks(self, caller: Caller, query: Query) -> Json:
        status = requests.status(query)
        group = self._own_group(caller, query.get("user_group_id"))
        user = None if status == "UNASSIGNED" and group is not None else caller.kernel_id
        return self._page(query, TaskSearch(query.get("type") or None, status, user, group, *requests.dates(query)))

    def claimable(self, caller: Caller, query: Query) -> Json:
        group = self._own_group(caller, requests.required(query, "user_group_id"))
        return self._page(query, TaskSearch(None, "UNASSIGNED", None, group, *requests.dates(query)))

    def all_tasks(self, query: Query) -> Json:
        definition, status = requests.required(query, "type"), requests.status(query)
        user, group = query.get("user_id") or None, query.get("user_group_id") or None
        if self._variant.identity_adapter:
            if user is not None:
                if user not in USERS:
                    raise RefusalError(500, shape="problem")
                user = USERS[user].kernel_id(self._variant.user_id_claim)
            if group is not None:
                if group not in REALM_GROUPS:
                    raise RefusalError(500, shape="problem")
                group = REALM_GROUPS[group].name
        return self._page(query, TaskSearch(definition, status, user, group, *requests.dates(query)))

    def task_types(self, query: Query) -> Json:
        limit, names = requests.integer(query, "limit"), sorted(DEFINITIONS)
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
        if not self._variant.knows_completion and any(each.type == "TASK_COMPLETED" for each in task.events):
            raise RefusalError(500, shape="problem")
        return answers.admin_detail(task, adapter=self._variant.identity_adapter)

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
        """Filters match parts of a value. A group filter excludes all others."""
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
        first = requests.integer(query, "first_result", 0)
        most = requests.integer(query, "max_results", 10)
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
        given = requests.results(body)
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
        values = {name: (kind, requests.converted(kind, value)) for name, (kind, value) in given.items()}
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
        given = requests.json_object(body)
        user, group = (str(given.get(name) or "").strip() or None for name in ("userId", "userGroup"))
        if user is None and group is None:
            raise RefusalError(400, "Neither a user nor a group was given.")
        if self._variant.identity_adapter:
            user, group = self._looked_up(user, group)
        before = self._current(key)
        try:
            self.kernel.assign(key, user, group)
        except KernelError as error:
            raise RefusalError(412, error.message) from None
        released = user is None and before.user is not None and group == before.group
        self._note("unassign" if released else "assign", key, caller, request_id)

    # Comments

    def comments(self, key: Key) -> list[Json]:
        try:
            return answers.comments(self.kernel.read(key))
        except KernelError:
            raise RefusalError(404, "User not found") from None

    def comment(
        self, caller: Caller, key: Key, kind: str, *, id: int | None, text: str | None, request_id: str | None
    ) -> Json:
        """Add, edit or delete a comment: `kind` is the event's type."""
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

    def _page(self, query: Query, search: TaskSearch) -> Json:
        limit = requests.integer(query, "limit")
        partitions = self._variant.partitions
        keys, bookmark = self.kernel.search(search, limit, query.get("bookmark"), partitions)
        claim, adapter = self._variant.user_id_claim, self._variant.identity_adapter
        # The bridge collects a page in a Java set, so its order is arbitrary.
        rows = [answers.row(self.kernel.read(key), claim, adapter=adapter) for key in sorted(keys, key=hash_of)]
        return {"userTasks": rows, "bookmark": bookmark}

    def _own_group(self, caller: Caller, group: str | None) -> str | None:
        if not group or not self._variant.identity_adapter:
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
        native = None if user is None else USERS[user].kernel_id(self._variant.user_id_claim)
        return native, None if known is None else known.name

    def _adapter(self) -> None:
        if not self._variant.identity_adapter:
            raise RefusalError(406, "No identity provider adapter for this vendor")

    def _read(self, key: Key, shape: Any) -> TaskRun:
        try:
            return self.kernel.read(key)
        except KernelError:
            # The bridge does not map NOT_FOUND here: it answers 500 without a text.
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
        act, self._variant.meanwhile = self._variant.meanwhile, None
        if act is not None:
            act()

    def _note(self, action: str, key: Key, caller: Caller, request_id: str | None) -> None:
        self._effects.record(action, ":".join(key), caller.kernel_id, request_id)


def hash_of(key: Key) -> str:
    """Sort key for an arbitrary, repeatable order."""
    return f"{key[0][::-1]}{key[1]}"


def _forbidden(task: TaskRun) -> str:
    return OWNED_BY_OTHERS if task.group is None else OWNED_BY_OTHERS_IN_GROUP
