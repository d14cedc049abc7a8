"""What a write touches."""

from connectors.sdk.commands import TaskAction
from gateway.federation.cache import Kind, Tag, touched


def test_a_claim_touches_its_task_its_flow_and_every_list() -> None:
    """Other tasks of the source stay."""
    assert {
        Tag("camunda", Kind.TASK, "7"),
        Tag("camunda", Kind.FLOW, "f1"),
        Tag("camunda", Kind.TASK_LIST),
    } == set(touched("camunda", TaskAction.CLAIM, task_id="7", flow_id="f1"))


def test_a_completion_touches_all_tasks_and_flows() -> None:
    """The flow goes on: it makes new tasks, may end others and may end itself. People stay."""
    tags = set(touched("camunda", TaskAction.COMPLETE, task_id="7", flow_id="f1"))

    assert {Tag("camunda", kind) for kind in (Kind.TASK, Kind.TASK_LIST, Kind.FLOW, Kind.FLOW_LIST)} == tags


def test_every_write_touches_every_list_of_tasks() -> None:
    """Whatever it is, with and without a task."""
    assert all(
        Tag("camunda", Kind.TASK_LIST) in touched("camunda", action, task_id=task_id)
        for action in TaskAction
        for task_id in (None, "7")
    )
