"""Users, groups and the members of groups over HTTP."""

from starlette.responses import Response

from sandbox.camunda import searchables
from sandbox.camunda.authorizations import may_read_directory, readable_directory
from sandbox.camunda.call import Call, Endpoint
from sandbox.camunda.problems import not_found
from sandbox.camunda.records import Group, Member
from sandbox.camunda.searching import search
from sandbox.camunda.table import Table
from sandbox.people import members


def _search_users(call: Call) -> Response:
    return call.answer(search(call.store.users, searchables.USERS, call.body, among=readable_directory(call)))


def _get_user(call: Call) -> Response:
    username = call.request.path_params["username"]
    if username != call.caller.id:
        may_read_directory(call, "USER")
    user = call.store.users.get(username)
    if user is None:
        raise not_found(f"User with username '{username}' not found")
    return call.answer(user)


def _search_groups(call: Call) -> Response:
    return call.answer(search(call.store.groups, searchables.GROUPS, call.body, among=readable_directory(call)))


def _group(call: Call) -> Group:
    group_id = call.request.path_params["groupId"]
    may_read_directory(call, "GROUP")
    group = call.store.groups.get(group_id)
    if group is None:
        raise not_found(f"Group with id '{group_id}' not found")
    return group


def _get_group(call: Call) -> Response:
    return call.answer(_group(call))


def _search_members(call: Call) -> Response:
    rows = [Member(person.key) for person in members(_group(call).group_id)]
    return call.answer(search(Table(searchables.MEMBER_SHAPE, rows), searchables.MEMBERS, call.body))


ENDPOINTS: tuple[Endpoint, ...] = (
    ("POST", "/users/search", _search_users),
    ("GET", "/users/{username}", _get_user),
    ("POST", "/groups/search", _search_groups),
    ("GET", "/groups/{groupId}", _get_group),
    ("POST", "/groups/{groupId}/users/search", _search_members),
)
