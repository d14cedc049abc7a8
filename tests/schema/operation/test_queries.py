"""`operation(id)`: the result of a write."""

from datetime import timedelta

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Flow, FlowRef, FlowState, TaskRef
from schema.core.relay import global_id, person_id
from schema.ports import Operation, Problem
from tests.schema.conftest import NOW, Ask
from tests.schema.fake_federation import FakeFederation, a_task

DOCUMENT = """query ($id: ID!) { operation(id: $id) {
  id action status attempts requestedAt settledAt errors { code message } actor { id } task { id } flow { id state } } }"""


def a_write(**more: object) -> Operation:
    return Operation(
        **{
            "operation_id": "op-1",
            "action": TaskAction.CLAIM,
            "person": "alice",
            "status": MutationStatus.APPLIED,
            "attempts": 1,
            "requested_at": NOW,
            "settled_at": NOW + timedelta(seconds=1),
            **more,
        }  # type: ignore[arg-type]
    )


async def test_a_write_to_a_task_is_found_by_its_id(ask: Ask, federation: FakeFederation) -> None:
    """With the task as it is now."""
    federation.add(a_task())
    federation.operations["op-1"] = a_write(task=TaskRef("c8", "1"))
    result = await ask(DOCUMENT, id="op-1")

    assert [] == result.errors
    assert {
        "operation": {
            "id": "op-1",
            "action": "CLAIM",
            "status": "APPLIED",
            "attempts": 1,
            "requestedAt": "2026-06-15T09:00:00.000Z",
            "settledAt": "2026-06-15T09:00:01.000Z",
            "errors": [],
            "actor": {"id": person_id("alice")},
            "task": {"id": global_id("Task", "c8", "1")},
            "flow": None,
        }
    } == result.data
    assert ["op-1"] == federation.calls["operation"]


async def test_a_write_that_is_not_settled_has_no_time_and_may_have_no_person(
    ask: Ask, federation: FakeFederation
) -> None:
    """Whether its flow is visible is checked as always."""
    flow = Flow(source="c8", native_id="f", state=FlowState.ACTIVE, rule="r", fetched_at=NOW)
    federation.flows[flow.ref] = flow
    federation.operations["op-2"] = a_write(
        operation_id="op-2",
        action=TaskAction.CANCEL_FLOW,
        person="gone",
        status=MutationStatus.UNKNOWN,
        settled_at=None,
        flow=FlowRef("c8", "f"),
        problems=(Problem(code="UPSTREAM_TIMEOUT", message="no answer"),),
    )
    result = await ask(DOCUMENT, id="op-2")

    assert [] == result.errors
    assert result.data is not None
    operation = result.data["operation"]
    assert ("UNKNOWN", None, None, {"id": global_id("Flow", "c8", "f"), "state": "ACTIVE"}) == (
        operation["status"],
        operation["settledAt"],
        operation["actor"],
        operation["flow"],
    )
    assert [{"code": "UPSTREAM_TIMEOUT", "message": "no answer"}] == operation["errors"]
    assert [FlowRef("c8", "f")] == federation.calls["get_visible_flow"]


async def test_an_unknown_operation_is_null(ask: Ask) -> None:
    """So is another person's: the federation does not distinguish them."""
    result = await ask(DOCUMENT, id="op-404")

    assert ([], {"operation": None}) == (result.errors, result.data)


async def test_a_journal_that_cannot_be_read_is_an_error(ask: Ask, federation: FakeFederation) -> None:
    """The field is null, with the same code as in mutations."""
    federation.broken = GatewayUnavailableError("the journal cannot be read")
    result = await ask(DOCUMENT, id="op-1")

    assert {"operation": None} == result.data
    assert ["GATEWAY_UNAVAILABLE"] == [error["extensions"]["code"] for error in result.errors]
