"""Reads of users and groups."""

from sandbox.camunda7.directory import ACCOUNTS, GROUP_RECORDS, USERS, groups_of
from sandbox.camunda7.operations.call import Call, Json, Result
from sandbox.camunda7.operations.tasks import page_of


def list_users(call: Call) -> Result:
    return page_of(call, _users(call))


def count_users(call: Call) -> Result:
    return {"count": len(_users(call))}


def list_groups(call: Call) -> Result:
    return page_of(call, _groups(call))


def count_groups(call: Call) -> Result:
    return {"count": len(_groups(call))}


def _users(call: Call) -> list[Json]:
    ids, group = call.query.get("idIn"), call.query.get("memberOfGroup")
    return [
        USERS[id]
        for id in sorted(USERS)
        if (ids is None or id in ids) and (group is None or group in ACCOUNTS[id].groups)
    ]


def _groups(call: Call) -> list[Json]:
    ids, member = call.query.get("idIn"), call.query.get("member")
    return [
        GROUP_RECORDS[id]
        for id in sorted(GROUP_RECORDS)
        if (ids is None or id in ids) and (member is None or id in groups_of(member))
    ]
