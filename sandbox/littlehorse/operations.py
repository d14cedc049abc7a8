"""The bridge's operations for one caller, over the kernel and the realm."""

from collections.abc import Mapping
from typing import Any

from sandbox.littlehorse import answers, requests
from sandbox.littlehorse.auth import Caller, Claims
from sandbox.littlehorse.definitions import DEFINITIONS
from sandbox.littlehorse.directory import GROUPS_BY_ID, TOP_GROUPS, Realm
from sandbox.littlehorse.errors import (
    OWNED_BY_OTHERS,
    OWNED_BY_OTHERS_IN_GROUP,
    WITHOUT_GROUPS,
    WITHOUT_USER_ID,
    WITHOUT_USER_ID_ON_READING,
    KernelError,
    RefusalError,
    by_status,
)
from sandbox.littlehorse.records import Key, TaskRun
from sandbox.littlehorse.search import TaskSearch, names_page
from sandbox.littlehorse.store import Kernel
from sandbox.littlehorse.variants import BridgeVariant
from sandbox.stand_in import EffectLog

Json = dict[str, Any]
Query = Mapping[str, str]


class Bridge:
    def __init__(self, kernel: Kernel, realm: Realm, variant: BridgeVariant, effects: EffectLog) -> None:
        self.kernel = kernel
        self._realm = realm
        self._variant = variant
        self._effects = effects

    def caller(self, claims: Claims, *, has_valid_token: bool) -> Caller:
        user = self._realm.user(claims["sub"])
        if user is None:
            raise ValueError("a token names a user of the realm")
        groups = user.groups if self._variant.identity_adapter else ()
        return Caller(user, user.kernel_id(self._variant.user_id_claim), groups, has_valid_token)

    # Reads

    def my_tasks(self, caller: Caller, query: Query) -> Json:
        status = requests.status(query)
        dates = requests.dates(query)
        group = self._own_group(caller, query.get("user_group_id"))
        if caller.kernel_id is None:
            raise RefusalError(500, shape="problem")
        user = None if status == "UNASSIGNED" and group is not None else caller.kernel_id
        return self._page(caller, query, TaskSearch(query.get("type") or None, status, user, group, *dates))

    def claimable(self, caller: Caller, query: Query) -> Json:
        group = self._own_group(caller, requests.required(query, "user_group_id"))
        return self._page(caller, query, TaskSearch(None, "UNASSIGNED", None, group, *requests.dates(query)))

    def all_tasks(self, caller: Caller, query: Query) -> Json:
        """A group that the provider does not know by this id counts as the kernel's name of a group."""
        definition, status = requests.required(query, "type"), requests.status(query)
        user, group = query.get("user_id") or None, query.get("user_group_id") or None
        if self._variant.identity_adapter:
            if user is not None:
                known = self._realm.user(user)
                user = None if known is None else known.kernel_id(self._variant.user_id_claim)
                if user is None:
                    raise RefusalError(500, "Verify your user-id-claim configuration.", "problem")
            if group in GROUPS_BY_ID:
                group = GROUPS_BY_ID[group].name
        return self._page(caller, query, TaskSearch(definition, status, user, group, *requests.dates(query)))

    def task_types(self, query: Query) -> Json:
        names, bookmark = names_page(sorted(DEFINITIONS), requests.limit(query), query.get("bookmark"))
        return {"userTaskDefNames": names[::-1], "bookmark": bookmark}

    def detail(self, caller: Caller, key: Key) -> Json:
        task = self._read(key, "problem")
        if caller.kernel_id is None:
            raise RefusalError(401, WITHOUT_USER_ID_ON_READING, "problem")
        if not _is_for(caller, task):
            raise RefusalError(401, _forbidden(task), "problem")
        return answers.detail(task)

    def admin_detail(self, key: Key) -> Json:
        task = self._read(key, "problem")
        if not self._can_show(task):
            raise RefusalError(500, shape="problem")
        return answers.admin_detail(task, self._realm_to_ask)

    def own_groups(self, caller: Caller) -> Json:
        self._adapter()
        if not caller.may_look_up:
            raise RefusalError(500, shape="problem")
        return {"groups": [answers.group(each) for each in GROUPS_BY_ID.values() if each.name in caller.groups]}

    def me(self, caller: Caller) -> Json:
        self._adapter()
        if not caller.has_valid_token:
            raise RefusalError(500, shape="problem")
        return answers.user(caller.user)

    def all_groups(self) -> Json:
        """Return the groups at the top; those below them are left out."""
        self._adapter()
        return {"groups": [answers.group(each) for each in reversed(TOP_GROUPS.values())]}

    def users(self, query: Query) -> Json:
        """Filters match parts of a value. A group filter excludes all others."""
        self._adapter()
        filters = {name: query[name] for name in ("email", "first_name", "last_name", "username") if query.get(name)}
        group = query.get("user_group_id")
        if group and (filters or group not in GROUPS_BY_ID):
            raise RefusalError(500, shape="problem")
        found = [user for user in self._realm.search(filters) if not group or GROUPS_BY_ID[group].name in user.groups]
        first = requests.integer(query, "first_result", 0)
        most = requests.integer(query, "max_results", 10)
        return {"users": [answers.user(user) for user in found[first : first + most]]}

    def user(self, user_id: str) -> Json:
        self._adapter()
        found = self._realm.user(user_id)
        if found is None:
            raise RefusalError(404, shape="problem")
        return answers.user(found)

    # Commands

    def claim(self, caller: Caller, key: Key, *, admin: bool, request_id: str | None) -> None:
        if not admin and self._variant.identity_adapter and not caller.may_look_up:
            raise RefusalError(500, WITHOUT_GROUPS)
        user_id = _user_id(caller)
        task = self._current(key, "Could not find UserTaskRun!")
        allowed = task.is_open if admin else task.status == "UNASSIGNED" and task.group in caller.groups
        if not allowed:
            raise RefusalError(409, "UserTaskRun cannot be claimed!")
        self._meanwhile()
        try:
            self.kernel.claim(key, user_id, override=admin)
        except KernelError as error:
            raise RefusalError(409, error.message) from None
        self._note("claim", key, caller, request_id)

    def complete(self, caller: Caller, key: Key, body: bytes, *, admin: bool, request_id: str | None) -> None:
        given = requests.results(body)
        user_id = _user_id(caller)
        task = self._current(key)
        if not admin and not _is_for(caller, task):
            raise RefusalError(500, _forbidden(task))
        if admin and not self._can_show(task):
            raise RefusalError(500, "Unknown audit event.")
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
            done = self.kernel.complete(key, user_id, values)
        except KernelError as error:
            raise RefusalError(400 if error.code == "INVALID_ARGUMENT" else 500, error.message) from None
        if done is not None:
            self._note("complete", key, caller, request_id)

    def cancel(self, caller: Caller, key: Key, *, admin: bool, request_id: str | None) -> None:
        if not admin:
            _user_id(caller)
        task = self._current(key)
        self._refuse_closed(task, "cancel")
        if not admin and not _is_for(caller, task):
            raise RefusalError(401, _forbidden(task))
        self._meanwhile()
        try:
            self.kernel.cancel(key)
        except KernelError as error:
            raise RefusalError(412, error.message) from None
        self._note("cancel", key, caller, request_id)

    def assign(self, caller: Caller, key: Key, body: bytes, *, request_id: str | None) -> None:
        given = requests.json_object(body)
        user, group = (str(given.get(name) or "").strip() or None for name in ("userId", "userGroup"))
        if user is None and group is None:
            raise RefusalError(400, "No valid arguments were received to complete reassignment.")
        if self._variant.identity_adapter:
            user, group = self._looked_up(user, group)
        before = self._current(key, "500 INTERNAL_SERVER_ERROR")
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
        if id is not None and id not in latest:
            raise RefusalError(404, "Comment does not exist")
        if id is not None and latest[id] == "COMMENT_DELETED":
            verb = "deleted" if kind == "COMMENT_DELETED" else "edited"
            raise RefusalError(
                409,
                f"FAILED_PRECONDITION: The specified comment cannot be {verb} because it has already been deleted.",
            )
        number = len(latest) + 1 if id is None else id
        author = f"{caller.user.id}::{caller.user.username}"
        body: Json = {"userId": author, "commentId": number}
        if kind != "COMMENT_DELETED":
            if text is None:
                raise RefusalError(500)
            if not text.strip():
                raise RefusalError(400, "INVALID_ARGUMENT: The comment must be provided.")
            body = {"comment": text, **body}
        changed = self.kernel.commit(task, kind, body)
        self._note("comment", key, caller, request_id)
        return answers.event(changed.events[-1])

    def _page(self, caller: Caller, query: Query, search: TaskSearch) -> Json:
        limit = requests.limit(query)
        keys, bookmark = self.kernel.search(search, limit, query.get("bookmark"), self._variant.partitions)
        if keys and self._variant.identity_adapter and not caller.may_look_up:
            raise RefusalError(500, shape="problem")
        # The bridge collects a page in a Java set, so its order is arbitrary.
        rows = [answers.row(self.kernel.read(key), self._realm_to_ask) for key in sorted(keys, key=hash_of)]
        return {"userTasks": rows, "bookmark": bookmark}

    @property
    def _realm_to_ask(self) -> Realm | None:
        return self._realm if self._variant.identity_adapter else None

    def _can_show(self, task: TaskRun) -> bool:
        """Whether the bridge knows every event of the task."""
        kinds = {each.type for each in task.events}
        return "TASK_SAVED" not in kinds and (self._variant.knows_completion or "TASK_COMPLETED" not in kinds)

    def _own_group(self, caller: Caller, group: str | None) -> str | None:
        if not group or not self._variant.identity_adapter:
            return group or None
        if not caller.may_look_up:
            raise RefusalError(500, shape="problem")
        known = GROUPS_BY_ID.get(group)
        if known is None or known.name not in caller.groups:
            raise by_status(403)
        return known.name

    def _looked_up(self, user: str | None, group: str | None) -> tuple[str | None, str | None]:
        found = None if user is None else self._realm.user(user)
        if user is not None and found is None:
            raise RefusalError(400, "Cannot assign Task to non-existent user.")
        known = None if group is None else GROUPS_BY_ID.get(group)
        if group is not None and (known is None or (found is not None and known.name not in found.groups)):
            raise RefusalError(
                400,
                "Cannot assign Task to non-existent group, nor can the Task be assigned to an existing group that the "
                "requested user is not a member of.",
            )
        native = None if found is None else found.kernel_id(self._variant.user_id_claim)
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
        self._effects.record(action, ":".join(key), caller.kernel_id or caller.user.username, request_id)


def hash_of(key: Key) -> str:
    """Sort key for an arbitrary, repeatable order."""
    return f"{key[0][::-1]}{key[1]}"


def _user_id(caller: Caller) -> str:
    if caller.kernel_id is None:
        raise RefusalError(500, WITHOUT_USER_ID)
    return caller.kernel_id


def _is_for(caller: Caller, task: TaskRun) -> bool:
    """Whether the task has no user, or the caller is its user. Ids are compared without case."""
    return task.user is None or (caller.kernel_id is not None and task.user.lower() == caller.kernel_id.lower())


def _forbidden(task: TaskRun) -> str:
    return OWNED_BY_OTHERS if task.group is None else OWNED_BY_OTHERS_IN_GROUP
