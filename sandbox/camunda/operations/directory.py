"""Operations on users and groups."""

from starlette.responses import Response

from sandbox.camunda.errors import not_found
from sandbox.camunda.records import Group, GroupMember
from sandbox.camunda.requests import Call
from sandbox.camunda.search import Table, search
from sandbox.camunda.store import GROUPS, MEMBER_SHAPE, MEMBERS, USERS
from sandbox.people import members


def search_users(call: Call) -> Response:
    return call.answer(search(call.store.users, USERS, call.body, among=call.permissions.readable_directory()))


def get_user(call: Call) -> Response:
    username = call.request.path_params["username"]
    if username != call.caller.id:
        call.permissions.check_directory("USER")
    user = call.store.users.get(username)
    if user is None:
        raise not_found(f"User with username '{username}' not found")
    return call.answer(user)


def search_groups(call: Call) -> Response:
    return call.answer(search(call.store.groups, GROUPS, call.body, among=call.permissions.readable_directory()))


def _group(call: Call) -> Group:
    group_id = call.request.path_params["groupId"]
    call.permissions.check_directory("GROUP")
    group = call.store.groups.get(group_id)
    if group is None:
        raise not_found(f"Group with id '{group_id}' not found")
    return group


def get_group(call: Call) -> Response:
    return call.answer(_group(call))


def search_members(call: Call) -> Response:
    rows = [GroupMember(person.key) for person in members(_group(call).group_id)]
    return call.answer(search(Table(MEMBER_SHAPE, rows), MEMBERS, call.body))
