"""The user API: users, groups, and the next assignee of a group."""

from typing import Any, TypeVar

from sandbox.epilot.answers import Reply, json_reply
from sandbox.epilot.directory import GROUPS, ORG, TIME_ZONE, USERS, Group, User
from sandbox.epilot.errors import RefusalError, not_found
from sandbox.epilot.requests import Call

DEFAULT_LIMIT = 50
MOST = 500
"""Both numbers are assumed: the vendor does not document them."""

CREATED = "2024-02-05T08:00:00.000Z"

R = TypeVar("R", User, Group)


class PeopleOperations:
    """The only state is the next assignee of each group."""

    def __init__(self) -> None:
        self._turn: dict[str, int] = {}

    def me(self, call: Call) -> Reply:
        user = USERS.get(call.caller.id)
        # An access token belongs to no person: the only known id is its own.
        return json_reply({"id": call.caller.id, "organization_id": ORG} if user is None else user_v2(user))

    def list_users(self, call: Call) -> Reply:
        call.caller.require("user:view")
        return json_reply({"results": [user_v2(user) for user in _page(call, _found(call))]})

    def get_user(self, call: Call) -> Reply:
        call.caller.require("user:view")
        return json_reply(user_v2(_user(call)))

    def groups_of_user(self, call: Call) -> Reply:
        call.caller.require("user:view")
        user = _user(call)
        return json_reply([self._group(group, call) for group in GROUPS.values() if user.id in group.members])

    def me_v1(self, call: Call) -> Reply:
        user = USERS.get(call.caller.id)
        if user is None:
            raise RefusalError(403, "Forbidden")
        return json_reply(user_v1(user))

    def list_users_v1(self, call: Call) -> Reply:
        call.caller.require("user:view")
        orgs = call.query.get("org_ids") or call.query.get("org_ids[]") or ORG
        users = _found(call) if ORG in orgs.split(",") else []
        return json_reply({"users": [user_v1(user) for user in _page(call, users)]})

    def get_user_v1(self, call: Call) -> Reply:
        call.caller.require("user:view")
        return json_reply(user_v1(_user(call)))

    def list_groups(self, call: Call) -> Reply:
        call.caller.require("user:view")
        wanted = call.query.get("query", "").casefold()
        groups = [group for group in GROUPS.values() if wanted in group.name.casefold()]
        return json_reply({"hits": len(groups), "groups": [self._group(each, call) for each in _page(call, groups)]})

    def get_group(self, call: Call) -> Reply:
        call.caller.require("user:view")
        return json_reply(self._group(_group_of(call), call))

    def next_in_group(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:assign")
        group = _group_of(call)
        if not group.members:
            raise RefusalError(422, "Group has no users")
        self._turn[group.id] = (self._turn.get(group.id, -1) + 1) % len(group.members)
        return json_reply(self._group(group, call))

    def _group(self, group: Group, call: Call) -> dict[str, Any]:
        """Return the group. Without `hydrate` its users are ids, against the vendor's description."""
        hydrate = call.flag("hydrate")
        answer: dict[str, Any] = {
            "id": group.id,
            "org_id": ORG,
            "name": group.name,
            "created_at": CREATED,
            "updated_at": CREATED,
            "created_by": next(iter(USERS)),
            "users": [user_v2(USERS[id]) if hydrate else id for id in group.members],
            "abbreviation": group.name[:2].upper(),
        }
        if group.id in self._turn:
            index = self._turn[group.id]
            answer["crt_assignee"] = user_v2(USERS[group.members[index]]) | {"crt_index": index}
        return answer


def user_v2(user: User) -> dict[str, Any]:
    """Return a user in the shape of version 2. An invited user has no name yet."""
    answer: dict[str, Any] = {
        "id": user.id,
        "organization_id": ORG,
        "email": user.email,
        "status": user.status,
        "created_at": CREATED,
        "department": None,
        "phone": None,
        "secondary_phone": None,
        "mfa_enabled": False,
        "phone_verified": False,
        "preferred_language": user.language,
        "signature": None,
        "image_uri": None,
        "properties": [{"name": "time_zone", "value": TIME_ZONE}],
        "tags": None,
    }
    if user.name is not None:
        answer |= {"display_name": user.name, "activated_at": CREATED}
    return answer


def user_v1(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "organization_id": ORG,
        "email": user.email,
        "display_name": user.name or user.email,
        "name": user.name or user.email,
        "preferred_language": user.language,
        "roles": [f"{ORG}:user"],
        "image_uri": None,
        "properties": [],
    }


def _found(call: Call) -> list[User]:
    wanted = call.query.get("query", "").casefold()
    return [user for user in USERS.values() if wanted in f"{user.name or ''} {user.email}".casefold()]


def _user(call: Call) -> User:
    user = USERS.get(call.ids["id"])
    if user is None:
        raise not_found("User")
    return user


def _group_of(call: Call) -> Group:
    group = GROUPS.get(call.ids["id"])
    if group is None:
        raise not_found("Group")
    return group


def _page(call: Call, rows: list[R]) -> list[R]:
    offset, limit = call.number("offset", default=0), call.number("limit", default=DEFAULT_LIMIT, least=1, most=MOST)
    return rows[offset : offset + limit]
