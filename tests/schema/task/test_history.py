"""Comments, activities, tags, and permitted actions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sdk.model import Activity, ActivityType, Comment, Tag, TaskDetail, TaskRef, UserRef
from schema.core.relay import global_id
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task

TASK = global_id("Task", "c8", "1")
REF = TaskRef("c8", "1")
COMMENTS = tuple(Comment(native_id=f"n{number}", text=f"text {number}") for number in range(5))


async def comments(ask: Ask, arguments: str) -> dict[str, Any]:
    fields = "nodes { text } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount"
    result = await ask(f'{{ task(id: "{TASK}") {{ comments{arguments} {{ {fields} }} }} }}')
    assert [] == result.errors
    assert result.data is not None
    found: dict[str, Any] = result.data["task"]["comments"]
    return found


@pytest.fixture
def commented(federation: FakeFederation) -> FakeFederation:
    federation.add(a_task())
    federation.details[REF] = TaskDetail(comments=COMMENTS)
    return federation


@pytest.mark.parametrize(
    ("arguments", "numbers", "after", "before"),
    [
        ("", [0, 1, 2, 3, 4], False, False),
        ("(first: 2)", [0, 1], True, False),
        ("(last: 2)", [3, 4], False, True),
        ("(first: 100)", [0, 1, 2, 3, 4], False, False),
    ],
)
async def test_comments_have_pages_from_either_end(
    ask: Ask, commented: FakeFederation, arguments: str, numbers: list[int], after: bool, before: bool
) -> None:
    """Oldest first in both cases."""
    page = await comments(ask, arguments)

    assert [f"text {number}" for number in numbers] == [node["text"] for node in page["nodes"]]
    assert (5, after, before) == (
        page["totalCount"],
        page["pageInfo"]["hasNextPage"],
        page["pageInfo"]["hasPreviousPage"],
    )


async def test_any_cursor_resumes_in_either_direction(ask: Ask, commented: FakeFederation) -> None:
    """Also the cursor of a row in the middle."""
    middle = (await comments(ask, "(first: 3)"))["edges"][1]["cursor"]
    later = await comments(ask, f'(first: 2, after: "{middle}")')
    earlier = await comments(ask, f'(last: 5, before: "{middle}")')

    assert [["text 2", "text 3"], ["text 0"]] == [[node["text"] for node in page["nodes"]] for page in (later, earlier)]


@pytest.mark.parametrize(
    "arguments",
    ["(first: -1)", "(last: 101)", "(first: 1, last: 1)", '(after: "x")', '(before: "bm8")', '(after: "%%%")'],
)
async def test_wrong_arguments_of_a_page_are_refused(ask: Ask, commented: FakeFederation, arguments: str) -> None:
    """The field is null with an error. The rest of the task is returned."""
    result = await ask(f'{{ task(id: "{TASK}") {{ title comments{arguments} {{ totalCount }} }} }}')

    assert ["VALIDATION_FAILED"] == [error["extensions"]["code"] for error in result.errors]
    assert result.data is not None
    assert result.data["task"]["comments"] is None


async def test_without_comments_the_page_is_empty_or_null(ask: Ask, federation: FakeFederation) -> None:
    """Empty if the task has none, null if the source has no comments."""
    federation.add(a_task())
    federation.details[REF] = TaskDetail(comments=())
    result = await ask(f'{{ task(id: "{TASK}") {{ comments {{ totalCount }} activities {{ totalCount }} }} }}')

    assert {"task": {"comments": {"totalCount": 0}, "activities": None}} == result.data


async def test_activities_tell_who_did_what(ask: Ask, federation: FakeFederation) -> None:
    """With the values before and after."""
    federation.add(a_task())
    at = datetime(2026, 6, 1, tzinfo=UTC)
    federation.details[REF] = TaskDetail(
        activities=(
            Activity(at=at, type=ActivityType.CREATED),
            Activity(
                at=at,
                type=ActivityType.REASSIGNED,
                native_type="Reassigned",
                actor=UserRef(native_id="alice.c8"),
                target=UserRef(native_id="zoe"),
                before="alice",
                after={"user": "zoe"},
            ),
        )
    )
    result = await ask(
        f"""{{ task(id: "{TASK}") {{ activities(last: 1) {{
            nodes {{ at type nativeType actor {{ displayName }} target {{ id }} from to message }}
            pageInfo {{ hasPreviousPage }} }} }} }}"""
    )

    assert [] == result.errors
    assert {
        "task": {
            "activities": {
                "nodes": [
                    {
                        "at": "2026-06-01T00:00:00.000Z",
                        "type": "REASSIGNED",
                        "nativeType": "Reassigned",
                        "actor": {"displayName": "Alice"},
                        "target": {"id": global_id("User", "c8", "zoe")},
                        "from": "alice",
                        "to": {"user": "zoe"},
                        "message": None,
                    }
                ],
                "pageInfo": {"hasPreviousPage": True},
            }
        }
    } == result.data


async def test_tags_are_read_from_the_row(ask: Ask, federation: FakeFederation) -> None:
    """Null if the source has no tags, empty if the task has none."""
    federation.add(a_task(tags=(Tag(name="region", value="north"),)), a_task("2", tags=()), a_task("3"))
    result = await ask("{ tasks { nodes { tags { name value label } } } }")

    assert result.data is not None
    assert [[{"name": "region", "value": "north", "label": None}], [], None] == [
        node["tags"] for node in result.data["tasks"]["nodes"]
    ]


async def test_permitted_actions_need_no_call(ask: Ask, federation: FakeFederation) -> None:
    """One question to the federation for each row, whatever is selected."""
    federation.add(a_task())
    result = await ask(
        "{ tasks { nodes { permits(action: CLAIM) { allowed reason } permittedActions { action allowed support } } } }"
    )

    assert result.data is not None
    (node,) = result.data["tasks"]["nodes"]
    assert {"allowed": True, "reason": None} == node["permits"]
    assert {"action": "CLAIM", "allowed": True, "support": "NATIVE"} in node["permittedActions"]
    assert [] == federation.calls["get_details"] + federation.calls["get_tasks"]
