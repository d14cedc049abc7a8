"""The stand-in against what a real bridge answered. The recording is not part of this repository."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx2
import pytest

from sandbox.littlehorse import LittlehorseStandIn, directory
from sandbox.littlehorse.definitions import DEFINITIONS, Field, UserTaskDef
from sandbox.littlehorse.directory import ADMIN_ROLE, CONSOLE, Group, User
from sandbox.littlehorse.operations import Bridge
from sandbox.littlehorse.records import Event, TaskRun
from sandbox.littlehorse.search import Bookmark
from sandbox.littlehorse.store import Kernel

RECORDING = Path(__file__).resolve().parents[3].parent / "shared" / "wire" / "littlehorse.json"
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
# From this exchange on the account had an e-mail address, and bob was in the group below "ops".
ACCOUNT_HAS_EMAIL, BOB_IS_IN_SUBGROUP = 74, 204

Json = dict[str, Any]


def recorded() -> list[Json]:
    if not RECORDING.exists():
        return []
    found: list[Json] = json.loads(RECORDING.read_text(encoding="utf-8"))["exchanges"]
    return found


EXCHANGES = recorded()
absent = pytest.mark.skipif(not EXCHANGES, reason="the recording of a real bridge (../shared/wire) is not here")

USER_IDS = {
    "alice": "578b8a0b-a5e6-4123-8902-ca9f68a2381d",
    "bob": "85b7e2be-144b-4258-bf9f-bd647de5d9c4",
    "carol": "c942facd-ae1c-4d89-ab74-ac0efbddc60f",
    "dave": "1bcc7298-e242-4c5d-98d8-ead2140bd1cd",
    "erin": "27b75b80-440f-4ae4-bfd5-440fdc73bec3",
}
LAST_NAMES = {"alice": "Anders", "bob": "Berg", "carol": "Celik", "dave": "Dahl", "erin": "Eck"}
MEMBERS = {"alice": ("approvers",), "bob": ("approvers", "ops"), "carol": ("ops",), "dave": (), "erin": ()}
GROUP_IDS = {
    "approvers": "3d9621be-1733-4c9c-b79d-fd5a953353b2",
    "Ops/EU": "058f272f-7c57-41cd-bd1e-e588c0d56bf8",
    "ops": "424c8524-70a2-4bea-97ee-517237d96e32",
}
NIGHT = Group("7fc979d1-bbb0-439e-b4f6-5fc436bf7ba2", "night")
FORMS = (
    UserTaskDef(
        "invoice",
        (),
        (
            Field("amount", "Amount", "INTEGER", (1,), required=True),
            Field("rate", "Rate", "DOUBLE", (1.5,)),
            Field("comment", "Comment", "STRING", ("x",), required=True, description="Say why"),
            Field("note", "", "STRING", ("x",)),
            Field("approved", "Approved?", "BOOLEAN", (True,), required=True),
            Field("urgent", "", "BOOLEAN", (True,)),
        ),
    ),
    UserTaskDef(
        "review",
        (),
        (
            Field("decision", "", "STRING", ("x",), required=True),
            Field("score", "", "DOUBLE", (1.5,), required=True),
            Field("count", "", "INTEGER", (1,)),
        ),
    ),
    UserTaskDef("plain", (), ()),
)


@pytest.fixture(scope="module", autouse=True)
def recorded_realm() -> Iterator[None]:
    """The people, groups and definitions of the recording, in place of the sample company's."""
    with pytest.MonkeyPatch.context() as patch:
        for table in (directory.PEOPLE, directory.TOP_GROUPS, directory.GROUPS_BY_ID, DEFINITIONS):
            for key in list(table):
                patch.delitem(table, key)
        for name, id in GROUP_IDS.items():
            patch.setitem(directory.TOP_GROUPS, id, Group(id, name))
            patch.setitem(directory.GROUPS_BY_ID, id, Group(id, name))
        patch.setitem(directory.GROUPS_BY_ID, NIGHT.id, NIGHT)
        for form in FORMS:
            patch.setitem(DEFINITIONS, form.name, form)
        for name, id in USER_IDS.items():
            roles = (ADMIN_ROLE,) if name == "carol" else ()
            user = User(
                id,
                f"{name}@example.com",
                name,
                name.capitalize(),
                LAST_NAMES[name],
                MEMBERS[name],
                roles,
                may_view_users=name != "erin",
            )
            patch.setitem(directory.PEOPLE, id, user)
        yield


def token_of(stand_in: LittlehorseStandIn, exchange: Json) -> str | None:
    who, _, client = exchange["caller"].partition("@")
    if who in {"", "?"}:
        return "garbage" if who else None
    user = stand_in.realm.account if who == "ACCOUNT" else directory.user_called(who)
    lifetime = 300
    challenge = exchange["response"]["headers"].get("www-authenticate", "")
    if "less than 60 s" in exchange["operation"] or exchange["operation"] == "tg2 short vw MINE":
        lifetime = -10
    elif "Jwt expired" in challenge:
        lifetime = -120
    return stand_in.issuer.token(
        user,
        client={"user-tasks-bridge-client": CONSOLE, "othertenant": CONSOLE}.get(client, client),
        tenant="other" if client == "othertenant" else "default",
        lifetime_s=lifetime,
    )


# State


def tasks_for(number: int, exchange: Json) -> list[TaskRun]:
    """The tasks that the kernel had, as far as the exchange shows them."""
    path, body = urlsplit(exchange["request"]["path"]), exchange["response"]["body"]
    if isinstance(body, dict) and "userTasks" in body:
        rows = [task_of(row) for row in body["userTasks"]]
        if body["bookmark"] is not None:
            # There are more rows than the page has.
            more = int(dict(parse_qsl(path.query))["limit"]) + 2 - len(rows)
            rows += [replace(rows[0], wf_run_id=f"{place:032x}") for place in range(more)]
        return rows
    if exchange["operation"] == "token over for less than 60 s: tasks" or number == 207:
        return [run("1" * 32, "0-1", user="alice@example.com")]
    parts = path.path.split("/")
    if "tasks" not in parts or parts[-1] in {"tasks", "claimable"} or set(parts[parts.index("tasks") + 1]) == {"0"}:
        return []
    run_id, id = parts[parts.index("tasks") + 1 :][:2]
    if exchange["operation"] in {"detail unknown guid", "direct child by own id"}:
        return []
    if isinstance(body, dict) and "wfRunId" in body:
        return [replace(task_of(body), wf_run_id=run_id)]
    return [open_or_closed(run(run_id, id, **definition_of(exchange)), exchange)]


def definition_of(exchange: Json) -> Json:
    given = exchange["request"]["body"]
    return {"definition": "invoice"} if isinstance(given, dict) and "amount" in given else {}


def run(run_id: str, id: str, **more: Any) -> TaskRun:
    members: Json = {"definition": "review", "status": "ASSIGNED" if more.get("user") else "UNASSIGNED", **more}
    return TaskRun(run_id, id, notes="", scheduled_at=NOW, **{"user": None, "group": "approvers", **members})


def open_or_closed(task: TaskRun, exchange: Json) -> TaskRun:
    """The task in the state that the answer shows."""
    body, operation = exchange["response"]["body"], exchange["operation"]
    text = "" if not isinstance(body, dict) else body.get("message") or body.get("detail") or ""
    caller = exchange["caller"].partition("@")[0]
    other = "alice@example.com" if caller != "alice" else "bob@example.com"
    if "forbidden from accessing" in text:
        group = "approvers" if "userGroup" in text else None
        status = "CANCELLED" if "on closed" in operation else "ASSIGNED"
        return replace(task, user=other, group=group, status=status)
    if "already DONE" in text or "terminal status" in text or operation == "direct claim closed":
        return replace(task, status="CANCELLED", user=other if "by other" in operation else None)
    if "cannot be claimed" in text and operation != "claim by non-member":
        return replace(task, status="ASSIGNED", user=other)
    if "/comment" in exchange["request"]["path"]:
        return replace(task, events=tuple(comment_events(exchange)))
    return task


def comment_events(exchange: Json) -> Iterator[Event]:
    """What had happened to the comments before."""
    request, body = exchange["request"], exchange["response"]["body"]
    if isinstance(body, list):
        yield from map(event_of, body)
    elif request["method"] in {"PUT", "DELETE"} and exchange["response"]["status"] != 404:
        number = int(request["path"].rpartition("/")[2])
        yield Event(NOW, "COMMENT_ADDED", {"comment": "x", "userId": "u::u", "commentId": number})
        if exchange["response"]["status"] == 409:
            yield Event(NOW, "COMMENT_DELETED", {"userId": "u::u", "commentId": number})
    elif request["method"] == "POST" and exchange["response"]["status"] == 200:
        for number in range(1, body["event"]["commentId"]):
            yield Event(NOW, "COMMENT_ADDED", {"comment": "x", "userId": "u::u", "commentId": number})


def event_of(shown: Json) -> Event:
    return Event(datetime.fromisoformat(shown["time"]), shown["type"], shown["event"])


def task_of(shown: Json) -> TaskRun:
    user, group = shown["user"], shown["userGroup"]
    return TaskRun(
        shown["wfRunId"],
        shown["id"],
        shown["userTaskDefName"],
        shown["status"],
        None if user is None else user["email"] or user["id"],
        None if group is None else group["name"] or group["id"],
        shown["notes"],
        datetime.fromisoformat(shown["scheduledTime"]),
        {name: (each["type"], each["value"]) for name, each in shown.get("results", {}).items()},
        tuple(map(event_of, shown.get("events", ()))),
    )


# Comparison

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|\+00:00)")
# Arbitrary in both: the order of a set's names.
SETS = re.compile(r"\[(\w+(?:,\w+)+)\] are mandatory")


def shape(value: Any) -> Any:
    """The value with the form of times in place of times, and with sets as sets."""
    match value:
        case dict():
            return [
                (name, form_of_bookmark(each) if name == "bookmark" else shape(each)) for name, each in value.items()
            ]
        case list():
            return sorted((shape(each) for each in value), key=repr)
        case str():
            text = TIME.sub(lambda found: re.sub(r"\d", "0", found[0]), value)
            return SETS.sub(lambda found: f"[{','.join(sorted(found[1].split(',')))}] are mandatory", text)
        case _:
            return value


def form_of_bookmark(value: Any) -> Any:
    return None if value is None else "bookmark"


def kept(answered: Any, exchange: Json) -> Any:
    """Of a page, the rows that the recording kept; an answer without a body is null there."""
    body = exchange["response"]["body"]
    if isinstance(body, dict) and "userTasks" in body:
        rows = {(row["wfRunId"], row["id"]) for row in body["userTasks"]}
        shown = answered["userTasks"]
        if body["bookmark"] is not None:
            assert int(dict(parse_qsl(urlsplit(exchange["request"]["path"]).query))["limit"]) == len(shown)
            return {**answered, "userTasks": []}
        return {**answered, "userTasks": [row for row in shown if (row["wfRunId"], row["id"]) in rows]}
    if isinstance(body, dict) and "users" in body and body["users"]:
        # Who is found first, and how many there are, is the provider's.
        usernames = {user["username"] for user in body["users"]}
        return {"users": [user for user in answered["users"] if user["username"] in usernames]}
    return answered


def expected(exchange: Json) -> Any:
    body = exchange["response"]["body"]
    if not isinstance(body, dict):
        return body
    found = {name: each for name, each in body.items() if name != "_note"}
    return {**found, "userTasks": []} if found.get("bookmark") and "userTasks" in found else found


def headers(found: Any) -> Json:
    ignored = {"transfer-encoding", "content-length", "connection"}
    told = {name.lower(): shape(value) for name, value in dict(found).items() if name.lower() not in ignored}
    return {**told, "closes": found.get("connection") == "close"}


@absent
@pytest.mark.parametrize(
    "number", range(len(EXCHANGES)), ids=lambda number: f"{number}-{EXCHANGES[number]['operation']}"
)
async def test_the_stand_in_answers_as_the_bridge_did(number: int) -> None:
    """Status, headers, members, types and texts are equal; times have the same form, and sets any order."""
    exchange = EXCHANGES[number]
    stand_in = LittlehorseStandIn(clock=lambda: NOW)
    stand_in.variant.account_email = "taskgate@service.example.com" if number >= ACCOUNT_HAS_EMAIL else None
    account = stand_in.realm.account
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(directory, "_ACCOUNT", replace(account, id="91c98244-5feb-45d6-aee8-0263a61ad011"))
        if number >= BOB_IS_IN_SUBGROUP:
            bob = directory.PEOPLE[USER_IDS["bob"]]
            patch.setitem(directory.PEOPLE, bob.id, replace(bob, groups=(*bob.groups, "night")))
        kernel = Kernel(tasks_for(number, exchange), seed=0, clock=lambda: NOW)
        stand_in.bridge = Bridge(kernel, stand_in.realm, stand_in.variant, stand_in.effects)
        answer = await asked(stand_in, exchange)
    told = exchange["response"]

    assert told["status"] == answer.status_code, answer.text
    assert headers(told["headers"]) == headers(answer.headers)
    shown = kept(answer.json(), exchange) if answer.content else None
    assert shape(expected(exchange)) == shape(shown)


async def asked(stand_in: LittlehorseStandIn, exchange: Json) -> httpx2.Response:
    request = exchange["request"]
    path = urlsplit(request["path"])
    query = [
        (name, each)
        for name, each in parse_qsl(path.query)
        # A bookmark of a list of tasks is a place in a kernel that is not here.
        if name != "bookmark" or each == "zzzz" or path.path.endswith("/taskTypes")
    ]
    token = token_of(stand_in, exchange)
    app: Any = stand_in
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://bridge.test") as client:
        return await client.request(
            request["method"],
            f"{path.path}?{urlencode(query)}" if query else path.path,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            content=None if request["body"] is None else json.dumps(request["body"]).encode(),
        )


@absent
def test_bookmarks_have_the_kernels_form() -> None:
    """Each recorded bookmark is read and written again without a change."""
    told = [exchange["response"]["body"] for exchange in EXCHANGES]
    texts = {body["bookmark"] for body in told if isinstance(body, dict) and body.get("bookmark")}
    sent = (dict(parse_qsl(urlsplit(exchange["request"]["path"]).query)) for exchange in EXCHANGES)
    texts |= {unquote(query["bookmark"]) for query in sent if query.get("bookmark", "zzzz") != "zzzz"}

    assert 15 < len(texts)
    assert texts == {Bookmark.parse(text).text() for text in texts}
