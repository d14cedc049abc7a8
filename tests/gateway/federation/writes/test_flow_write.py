"""Verbs of a flow."""

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import FlowRef, FlowState
from schema.ports import (
    CancelFlowIntent,
    CreateTaskIntent,
    Intent,
    ResumeFlowIntent,
    SourceRef,
    StartFlowIntent,
    SuspendFlowIntent,
    Target,
)
from tests.gateway.federation.memory_source import federation
from tests.gateway.federation.rich_source import RichConnector, flow
from tests.gateway.federation.write_requests import ALICE, CAROL, FLOW, PEOPLE, codes, perform


@pytest.mark.parametrize(
    ("intent", "state", "after"),
    [
        (CancelFlowIntent(), FlowState.ACTIVE, FlowState.CANCELED),
        (CancelFlowIntent(), FlowState.SUSPENDED, FlowState.CANCELED),
        (SuspendFlowIntent(), FlowState.ACTIVE, FlowState.SUSPENDED),
        (ResumeFlowIntent(), FlowState.SUSPENDED, FlowState.ACTIVE),
        (CancelFlowIntent(), FlowState.UNKNOWN, FlowState.CANCELED),
    ],
)
async def test_a_flow_is_written_to_once_and_shown_at_once_although_reads_lag(
    intent: Intent, state: FlowState, after: FlowState
) -> None:
    """For task admins."""
    north = RichConnector("north", flows=[flow("north", "f1", state=state)])
    sources = federation(north, people=PEOPLE)
    north.lag_flows()

    result = await perform(sources, intent, CAROL, target=FLOW)
    read = (await sources.get_flows(CAROL, [FLOW]))[FLOW]

    assert (MutationStatus.APPLIED, after, after) == (
        result.status,
        result.flow.state if result.flow else None,
        getattr(read, "state", None),
    )
    assert 1 == len(north.writes)


@pytest.mark.parametrize(
    ("intent", "target", "caller", "code"),
    [
        (CancelFlowIntent(), FLOW, ALICE, "FORBIDDEN"),
        (CancelFlowIntent(), FlowRef("north", "f9"), CAROL, "NOT_FOUND"),
        (CancelFlowIntent(), FlowRef("west", "f1"), CAROL, "NOT_FOUND"),
        (ResumeFlowIntent(), FLOW, CAROL, "INVALID_STATE"),
        (StartFlowIntent(definition_key="invoice"), SourceRef("north"), ALICE, "FORBIDDEN"),
        (StartFlowIntent(definition_key=""), SourceRef("north"), CAROL, "VALIDATION_FAILED"),
        (CreateTaskIntent(title="Call"), SourceRef("north"), ALICE, "FORBIDDEN"),
        (CreateTaskIntent(title="Call", flow=FlowRef("north", "f9")), SourceRef("north"), CAROL, "NOT_FOUND"),
    ],
)
async def test_a_flow_write_that_is_not_permitted_is_not_sent(
    intent: Intent, target: Target, caller: Caller, code: str
) -> None:
    """The error is the first condition that fails."""
    north = RichConnector("north", flows=[flow("north", "f1")])

    result = await perform(federation(north, people=PEOPLE), intent, caller, target=target)

    assert ([code], []) == (codes(result), north.writes)
