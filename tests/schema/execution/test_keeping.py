"""Which operations may be answered with kept bytes."""

import pytest

from schema.api import build_schema
from schema.execution import Execution

EXECUTION = Execution(build_schema())


@pytest.mark.parametrize(
    "document",
    [
        "{ tasks { nodes { id isOverdue assignee { displayName } } sources { source { key name } status error { code } } } }",
        "query Inbox { viewer { inbox { nodes { id flow { id state } } } user { id } } }",
    ],
)
def test_lists_of_tasks_may_be_kept(document: str) -> None:
    assert EXECUTION.may_be_kept(EXECUTION.read(document))


@pytest.mark.parametrize(
    "document",
    [
        "{ sources { status } }",
        "{ tasks { nodes { source { status } } } }",
        "{ tasks { sources { fromCache } } }",
        "{ tasks { sources { upstreamCalls } } }",
        "{ tasks { nodes { lastWrite { at } } } }",
        "{ tasks { nodes { permits(action: CLAIM) { allowed } } } }",
        "{ tasks { ...Rows } } fragment Rows on TaskConnection { nodes { ...Row } } fragment Row on Task { lastWrite { at } }",
        "{ tasks(filter: {isOverdue: true}) { nodes { id } } }",
        "{ viewer { identities { nativeId } } }",
        'mutation { claimTask(input: {taskId: "x"}) { status } }',
    ],
)
def test_what_changes_by_itself_is_not_kept(document: str) -> None:
    operation = EXECUTION.read(document)

    assert not EXECUTION.may_be_kept(operation)


def test_a_filter_by_the_time_in_a_variable_is_not_kept() -> None:
    document = "query Inbox($filter: TaskFilter) { tasks(filter: $filter) { nodes { id } } }"

    assert EXECUTION.may_be_kept(EXECUTION.read(document, None, {"filter": {}}))
    assert not EXECUTION.may_be_kept(EXECUTION.read(document, None, {"filter": {"isOverdue": True}}))
