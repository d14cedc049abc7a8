"""The inbox page in a real browser, over a real gateway and the stand-ins: what a person does, by keyboard and by roles."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.graphiql import is_complete
from gateway.inbox.page import FOLDER, HERE
from gateway.settings import load
from sandbox.config import toml
from sandbox.issuer import GATEWAY, PAGE, SmallIssuer
from sandbox.server import serve_issuer
from tests.browser.conftest import Visitor
from tests.gateway.configuration import write_configuration
from tests.world import World, opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_complete(FOLDER, HERE), reason="npm's files are not here: run make graphiql"),
]

LISTED = """query ($scope: InboxScope!, $filter: TaskFilter) {
  viewer { inbox(scope: $scope, filter: $filter, first: 100) { nodes { id title state version assignee { displayName } native { nativeId } } } }
}"""
CLAIM = "mutation ($id: ID!) { claimTask(input: { taskId: $id }) { status } }"
CONTRAST = ["color-contrast"]


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose gateway looks for changes as often as the settings allow, and keeps answers for a moment."""
    cache = "cache = { list_seconds = 1, detail_seconds = 1, flow_seconds = 1 }"
    sources = {key: [cache] for key in ("camunda", "uipath", "epilot", "littlehorse", "geotareas", "camunda7")}
    async with opened(tmp_path, in_sources=sources) as one:
        yield one


async def listed(world: World, scope: str, person: str = "alice", **condition: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await world.data(LISTED, person, scope=scope, filter=condition or None))["viewer"][
        "inbox"
    ]["nodes"]
    return nodes


async def test_a_morning_by_keyboard(visit: Visitor, world: World) -> None:
    """See, find, open, claim, fill in, complete, release, assign, comment, take the next: no pointer, no error, no other host."""
    mine = await listed(world, "MINE")
    commented = next(task for task in await listed(world, "CLAIMABLE", sourceKey={"eq": "uipath"}))
    seen = await visit(
        world.app,
        ("inbox", "/"),  # 0
        ("see", ".tabs .count:not(:empty)"),
        ("texts", ".row .title"),  # 2
        # Find a task that can be claimed, and claim it.
        ("press", "2"),
        ("see", "[role=tab][aria-selected=true]:has-text('To claim')"),
        ("press", "/"),
        ("type", commented["title"]),
        ("see", ".total:text-is('1 task')"),  # 7
        ("press", "Escape", "j", "Enter"),
        ("focused",),  # 9
        ("see", "[data-action=CLAIM]"),
        ("press", "c"),
        ("see", ".result[data-status=APPLIED]"),  # 12
        ("see", "[data-action=RELEASE]"),
        # A comment on it.
        ("press", "m"),
        ("see", "#comment:focus"),
        ("type", "Called <b>them</b> & wait"),
        ("press", "Tab", "Enter"),
        ("see", ".comment:has-text('Called <b>them</b> & wait')"),  # 18
        # To a colleague.
        ("press", "a"),
        ("see", "dialog .found button"),
        ("type", "bob"),
        ("see", "dialog .found button:has-text('Bob Keller'):first-child"),
        ("press", "Tab", "Enter"),
        ("unsee", "dialog"),
        ("see", ".result:has-text('Assigned')"),
        # All keys are told.
        ("press", "?"),
        ("texts", "dialog .keys dd"),  # 27
        ("press", "Escape"),
        ("unsee", "dialog"),
        ("address",),
    )
    assert "Assigned" in seen.told[25], seen.told[20:26]
    owner = await listed(world, "ALL_VISIBLE", "carol", id={"eq": commented["id"]})

    assert ([], []) == (seen.abroad, seen.complaints)
    assert [task["title"] for task in mine[:8]] == seen.told[2][:8]
    assert {"tag": "h2", "name": commented["title"]} == seen.told[9]
    assert "Claimed" in seen.told[12]
    assert "Called <b>them</b> & wait" in seen.told[18]
    assert ["Bob Keller"] == [task["assignee"]["displayName"] for task in owner]
    assert len(seen.told[27]) >= 12
    assert f"scope=CLAIMABLE&q={commented['title'].split()[0]}" in seen.told[30]


async def test_forms_are_filled_in_and_arrive_as_they_were_typed(visit: Visitor, world: World) -> None:
    """Numbers, dates, choices and texts of three systems; what a system refuses stands at its field, and the first one has
    the focus.
    """

    async def first(system: str, title: str, scope: str = "CLAIMABLE") -> dict[str, Any]:
        found = await listed(world, scope, sourceKey={"eq": system}, title={"contains": title})
        return found[0]

    invoice = await first("camunda7", "Approve invoice", "MINE")
    dispute = await first("geotareas", "Clarify Delivery Dispute", "MINE")
    for vendor in ("camunda7", "geotareas"):
        await world.control(vendor, "requests", method="DELETE")
    remark = 'Grüße <i>"aus"</i> Łódź\n✓'
    seen = await visit(
        world.app,
        ("inbox", f"/inbox?task={invoice['id']}"),
        ("see", "#form .outcomes"),
        ("texts", "#form .field label"),
        ("fill", "Amount", "no number"),
        ("press", "e"),
        ("click", "button", "Complete"),
        ("see", "#form .error"),  # 5
        ("focused",),  # 6
        ("fill", "Amount", ""),
        ("click", "button", "Complete"),
        ("see", ".result[data-status=REJECTED]"),
        ("see", "#form .error"),  # 10
        ("focused",),
        ("fill", "Amount", "120050"),
        ("texts", "#form .field label"),  # 13
        ("check", "Approved?"),
        ("fill", "Pay on", "2030-01-31"),
        ("click", "button", "Complete"),
        ("see", ".result[data-status=APPLIED]"),
        ("see", ".result button:has-text('Next:')"),
        ("roles", ".task header"),  # 19
        ("inbox", f"/inbox?task={dispute['id']}"),
        ("see", "#form .outcomes"),
        ("fill", "Delivery note", "ALB-1 of 'today'"),
        ("fill", "Missing items", "2,5"),
        ("fill", "Comment on the result", remark),
        ("tap", "[data-outcome=justified]"),
        ("see", ".result[data-status=APPLIED]"),
    )
    sent = await world.requests("camunda7")
    completed = [each for each in sent if "120050" in json.dumps(each)]
    told = json.dumps(await world.requests("geotareas"), ensure_ascii=False)

    assert [] == seen.complaints
    assert "This is not a number." in seen.told[6]
    assert "Amount" in seen.told[7]["name"]
    assert "Amount" in seen.told[12]["name"]
    assert 1 == len(completed)
    assert "31/01/2030" in json.dumps(completed)
    assert "ALB-1 of 'today'" in told
    assert "2.5" in told
    # Recorded bodies are texts of JSON within JSON.
    assert json.dumps(json.dumps(remark, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1] in told


FIELD: dict[str, Any] = {
    "nativeType": None,
    "required": False,
    "value": None,
    "defaultValue": None,
    "description": None,
    "isReadOnly": False,
    "isDisabled": False,
    "isConditional": False,
    "condition": None,
    "isMultiple": False,
    "isMultiline": False,
    **dict.fromkeys(("minimum", "maximum", "step", "minLength", "maxLength", "minItems", "maxItems", "pattern")),
    "group": [],
    "options": None,
    "fields": None,
}


def field(key: str, type_: str, **more: Any) -> dict[str, Any]:
    return {**FIELD, "key": key, "label": key.capitalize(), "type": type_, **more}


def options(*values: Any) -> list[dict[str, Any]]:
    return [{"value": str(each), "rawValue": each, "label": None} for each in values]


FORM = [
    field("amount", "NUMBER", minimum=1, maximum=20),
    field("count", "INTEGER"),
    field("huge", "INTEGER", value="12345678901234567890"),
    field("when", "DATETIME"),
    field("local", "DATETIME", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$"),
    field("day", "DATE", group=["Delivery"]),
    field("lines", "INTEGER", isMultiple=True, group=["Delivery"]),
    field("chosen", "SELECT", options=options({"id": 1}, {"id": 2})),
    field("several", "MULTI_SELECT", options=options("a", "b", 3)),
    field("meta", "JSON"),
    field("agreed", "BOOLEAN", required=True),
    field("emptied", "TEXT", value="before"),
    field("kept", "TEXT", value="as it is", isMultiline=True),
    field("proposed", "TEXT", defaultValue="by default"),
    field("fixed", "TEXT", value="read only", isReadOnly=True),
    field("photo", "FILE"),
    field("rows", "JSON", fields=[field("item", "TEXT"), field("n", "INTEGER")]),
]


async def test_a_field_of_every_type_is_shown_and_sent_as_the_graph_has_it(visit: Visitor, world: World) -> None:
    """A form that no stand-in has, in place of a task's own."""
    task = (await listed(world, "MINE", sourceKey={"eq": "littlehorse"}))[0]
    refused = {
        "status": "REJECTED",
        "effect": None,
        "operationId": "x",
        "task": None,
        "errors": [
            {
                "code": "VALIDATION_FAILED",
                "message": "Item is too short.",
                "field": ["data", "rows", "0", "item"],
                "retryAt": None,
                "alternatives": None,
                "source": None,
            }
        ],
    }
    seen = await visit(
        world.app,
        ("giveForm", FORM),
        ("keepWrite", "Complete", refused),
        ("inbox", f"/?task={task['id']}"),
        ("see", "#form"),
        ("fill", "Amount", "12,5"),
        ("fill", "Count", "7"),
        ("fill", "When", "2030-01-31T12:00"),
        ("fill", "Local", "2030-01-31T12:00"),
        ("fill", "Day", "2030-02-01"),
        ("fill", "Lines", "1\n2\n"),
        ("pick", "Chosen", "{'id': 2}"),
        ("check", "b"),
        ("check", "3"),
        ("fill", "Meta", '{"a": [1]}'),
        ("fill", "Emptied", ""),
        ("click", "button", "Add a row"),
        ("fill", "Item", "screw"),
        ("fill", "N", "3"),
        ("axe",),
        ("click", "button", "Complete"),
        ("see", ".rowset .error"),
        ("focused",),
        ("kept",),
        ("texts", "#form .group"),
        ("see", ".note"),
    )
    violations, _, error, focused, kept, groups, note = seen.told[18:]
    when = kept[0]["data"].pop("when")

    assert [] == violations
    assert ("Item is too short.", "Item") == (error, focused["name"])
    assert when.startswith("2030-01-31T")
    assert when.endswith("Z")
    assert {
        "amount": 12.5,
        "count": 7,
        "huge": "number 12345678901234567890",
        "local": "2030-01-31T12:00",
        "day": "2030-02-01",
        "lines": [1, 2],
        "chosen": {"id": 2},
        "several": ["b", 3],
        "meta": {"a": [1]},
        "agreed": False,
        "emptied": None,
        "kept": "as it is",
        "proposed": "by default",
        "rows": [{"item": "screw", "n": 3}],
    } == kept[0]["data"]
    assert ["Delivery"] == groups
    assert note.startswith("Files cannot be given here, only in LittleHorse.")


async def test_many_tasks_at_once_and_the_ways_to_cancel(visit: Visitor, world: World) -> None:
    """First the verdicts, which change nothing; then the writes of those that are possible."""
    before = {task["id"] for task in await listed(world, "CLAIMABLE")}
    seen = await visit(
        world.app,
        ("inbox", "/?scope=CLAIMABLE"),
        ("press", "j", "x", "j", "x", "j", "x"),
        ("see", ".bulk"),
        ("click", "button", "Claim"),
        ("see", "dialog .verdicts"),
        ("texts", "dialog .verdicts li"),  # 5
        ("graph", "alice", LISTED, {"scope": "CLAIMABLE", "filter": None}),  # 6
        ("axe",),  # 7
        ("click", "button", "Claim: 3"),
        ("see", "dialog p:has-text('3 of 3 done.')"),
        ("press", "Escape"),
        # What cancels, and what it ends: a task admin may.
        ("tap", ".person summary"),
        ("pick", "Person", "Carol Singh"),
        ("see", ".person .name:has-text('Carol Singh')"),
        ("inbox", "/?scope=ALL_VISIBLE&system=littlehorse"),
        ("press", "j", "Enter"),
        ("click", "button", "Cancel task"),
        ("see", "dialog .ways"),  # 17
        ("tap", "dialog footer .danger"),
        ("see", ".result[data-status=APPLIED]:has-text('Canceled')"),
        # A task admin's ways are told to others too, with the reason why they are off; so is what has to be done first.
        ("tap", ".person summary"),
        ("pick", "Person", "Alice Moreno"),
        ("see", ".person .name:has-text('Alice Moreno')"),
        ("inbox", "/?scope=CLAIMABLE&system=camunda7"),
        ("press", "j", "Enter"),
        ("see", "#form p:has-text('Claim the task first')"),
        ("click", "button", "Cancel task"),
        ("see", "dialog .ways"),
        ("see", "dialog form > p"),  # 28
    )
    after = {task["id"] for task in await listed(world, "CLAIMABLE")}
    during = {task["id"] for task in seen.told[6]["viewer"]["inbox"]["nodes"]}

    assert ([], []) == (seen.complaints, seen.told[7])
    assert 3 == len(seen.told[5])
    assert all("Possible" in text for text in seen.told[5])
    assert before == during
    assert 3 == len(before - after)
    assert "Nothing else ends." in seen.told[17]
    assert "You cannot cancel this task now:" == seen.told[28]


async def test_a_search_of_two_words_and_its_end(visit: Visitor, world: World) -> None:
    """The space stays though the list is read between the words; one quick press on "Clear filters" ends the search."""
    clear = ".filters button:has-text('Clear filters')"
    seen = await visit(
        world.app,
        ("inbox", "/?scope=ALL_VISIBLE"),
        ("press", "/"),
        ("type", "approve "),
        ("see", clear),
        ("type", "invoice"),
        ("press", "Tab"),
        ("address",),  # 6
        ("press", "/", "End"),
        ("type", "x"),
        ("see", ".empty"),
        ("tap", clear),
        ("unsee", clear),
        ("see", ".row"),
        ("address",),  # 13
    )

    assert [] == seen.complaints
    assert seen.told[6].endswith("&q=approve+invoice")
    assert "q=" not in seen.told[13]


async def test_changes_of_others_and_a_source_that_is_away_are_seen(visit: Visitor, quick: World) -> None:
    """Another person's claim greys the row, without moving it; a killed source is told and gone when it is back; offline is
    told too.
    """
    task = (await listed(quick, "CLAIMABLE", sourceKey={"eq": "camunda"}))[0]
    row = f".row:has(a[href*='{task['id'].rstrip('=')}'])"
    away = {"kind": "status", "status": 503, "times": 100_000}
    seen = await visit(
        quick.app,
        ("inbox", "/?scope=CLAIMABLE&system=camunda"),
        ("see", row),
        ("texts", ".row .title"),  # 2
        ("graph", "bob", CLAIM, {"id": task["id"]}),
        ("see", f"{row}[data-gone]"),
        ("texts", ".row .title"),  # 5
        ("control", quick.urls["camunda"], "faults", away),
        ("see", ".trouble[data-source=camunda]"),  # 7
        ("control", quick.urls["camunda"], "faults", None, "DELETE"),
        ("unsee", ".trouble[data-source=camunda]"),
        ("offline", True),
        ("see", ".trouble[data-kind=offline]"),  # 11
        ("offline", False),
        ("unsee", ".trouble[data-kind=offline]"),
    )

    assert "APPLIED" == seen.told[3]["claimTask"]["status"]
    assert seen.told[2] == seen.told[5]
    assert seen.told[7].startswith("Camunda 8")
    assert "Offline." in seen.told[11]


async def test_ten_thousand_tasks_are_scrolled_with_few_rows_in_the_document(
    visit: Visitor, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every page is read once. Times are printed: a busy machine makes all of them longer."""
    total = 10_000
    seen = await visit(
        world.app,
        ("firstList",),
        ("lengthen", total),
        ("inbox", "/?scope=ALL_VISIBLE"),
        ("scrollToTheEnd", total),
        ("weighed",),
    )
    first, _, _, scrolled, weighed = seen.told
    with capsys.disabled():
        sys.stdout.write(
            f" first list {first} ms after the first byte; {total:,} rows in {scrolled['frames']} frames, {scrolled['ms']} ms,"
            f" tasks over 50 ms: {scrolled['long']}; {weighed['bytes']:,} bytes compressed "
        )

    assert f"Task {total}" == scrolled["title"]
    assert scrolled["most"] <= 40
    assert weighed["bytes"] <= 150_000
    assert ([], []) == (seen.abroad, seen.complaints)


async def test_each_view_passes_axe_in_light_and_dark(visit: Visitor, world: World, tmp_path: Path) -> None:
    """All rules in light at 1280 pixels, contrasts in dark, targets and contrasts at 390. The screenshots are looked at by people."""
    dark, narrow = {"theme": "dark"}, {"width": 390, "height": 844}
    pictures = tmp_path
    task = (await listed(world, "MINE", sourceKey={"eq": "geotareas"}))[0]["id"]
    steps: list[tuple[Any, ...]] = [
        ("inbox", "/"),
        ("see", ".tabs .late"),
        ("axe",),
        ("look", str(pictures / "list.png"), {}),
        ("look", str(pictures / "list-dark.png"), dark),
        ("axe", CONTRAST),
        ("look", str(pictures / "list-narrow.png"), narrow),
        ("axe", CONTRAST),
        ("tooWide",),
        ("inbox", f"/?task={task}"),
        ("see", "#form .outcomes"),
        ("axe",),
        ("look", str(pictures / "task.png"), {"height": 760}),
        ("look", str(pictures / "task-dark.png"), dark),
        ("axe", CONTRAST),
        ("look", str(pictures / "task-narrow.png"), {**narrow, **dark}),
        ("click", "button", "Assign"),
        ("see", "dialog .found button"),
        ("axe", CONTRAST),
        ("press", "Escape"),
        ("inbox", "/?q=nothing-is-called-so"),
        ("see", ".empty"),
        ("axe",),
        ("click", "button", "Clear filters"),
        ("see", ".row"),
        # Another language, and the texts are all there.
        ("inbox", "/"),
        ("tap", ".person summary"),
        ("axe",),
        ("pick", "Language", "Deutsch"),
        ("see", "[role=tab]:has-text('Meine')"),
        ("see", ".due:has-text('überfällig')"),
    ]
    seen = await visit(world.app, *steps)
    widths = [told for step, told in zip(steps, seen.told, strict=True) if step[0] == "tooWide"]
    violations = [told for step, told in zip(steps, seen.told, strict=True) if step[0] == "axe"]

    assert [] == [each for told in violations for each in told]
    assert [0] == widths
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures.glob("*.png"))
    assert 6 == len(list(pictures.glob("*.png")))
    if wanted := os.environ.get("INBOX_PICTURE"):
        shutil.copy(pictures / "task.png", wanted)


def test_the_picture_in_the_documentation_is_small() -> None:
    """Made anew by INBOX_PICTURE=docs/inbox.png and the test above."""
    assert (HERE.parents[1] / "docs" / "inbox.png").stat().st_size <= 200_000


KEYS_AUTH = f"""
[auth]
mode = "api_keys"
keys = [{{ person = "alice", sha256 = "{hashlib.sha256(b"a key").hexdigest()}" }}]
"""


async def test_with_api_keys_the_page_asks_for_one(visit: Visitor, tmp_path: Path) -> None:
    """A wrong one is told; with the right one the person's list is there. The key is stored nowhere."""
    app = create_app(load(write_configuration(tmp_path, auth=KEYS_AUTH)))
    async with app.router.lifespan_context(app):
        seen = await visit(
            app,
            ("inbox", "/"),
            ("axe",),
            ("fill", "API key or token", "wrong"),
            ("click", "button", "Open the inbox"),
            ("see", ".warning"),
            ("fill", "API key or token", "a key"),
            ("click", "button", "Open the inbox"),
            ("see", ".person .name:has-text('Alice Moreno')"),
        )

    assert [] == seen.told[1]
    assert "did not accept" in seen.told[4]
    # The browser itself writes a line for each answer of 401.
    assert {"401"} == {word for line in seen.complaints for word in line.split() if word.isdigit()}


async def test_people_sign_in_at_their_provider(visit: Visitor, tmp_path: Path) -> None:
    """By Authorization Code with PKCE; the provider sends them back to /inbox, and the code leaves the address."""
    issuer = SmallIssuer(algorithm="ES256")
    async with serve_issuer(issuer, host="127.0.0.1", port=0) as address:
        auth = {"mode": "oidc", "issuers": [{"issuer": address, "audience": GATEWAY, "login": {"client_id": PAGE}}]}
        app = create_app(load(write_configuration(tmp_path, auth=toml({"auth": auth}))))
        async with app.router.lifespan_context(app):
            seen = await visit(
                app,
                ("inbox", "/"),
                ("click", "button", "Sign in"),
                ("click", "link", "Grace Okafor"),
                ("see", ".person .name:has-text('Grace Okafor')"),
                ("address",),
                also=[issuer.base_url],
            )

    assert "/inbox" == seen.told[4]
    assert ([], []) == (seen.abroad, seen.complaints)
