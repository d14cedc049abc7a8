"""New tasks and flows."""

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import UpstreamTimeoutError
from schema.ports import CreateTaskIntent, SourceRef, StartFlowIntent
from tests.gateway.federation.memory_source import federation
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import CAROL, PEOPLE, perform


async def test_a_started_flow_and_a_created_task_are_there_at_once() -> None:
    """After one write each."""
    north = RichConnector("north")
    sources = federation(north, people=PEOPLE)

    begun = await perform(sources, StartFlowIntent(definition_key="invoice"), CAROL, target=SourceRef("north"))
    made = await perform(sources, CreateTaskIntent(title="Call back"), CAROL, target=SourceRef("north"))

    assert (["start_flow", "create"], "invoice", "Call back") == (
        north.writes,
        begun.flow.name if begun.flow else None,
        made.task.title if made.task else None,
    )


async def test_a_start_whose_answer_was_lost_stays_unknown_and_is_not_sent_again() -> None:
    """A later read cannot show which flow it started."""
    north = RichConnector("north")
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True
    sources = federation(north, people=PEOPLE)
    intent = StartFlowIntent(definition_key="invoice")

    first = await perform(sources, intent, CAROL, target=SourceRef("north"), key="k")
    again = await perform(sources, intent, CAROL, target=SourceRef("north"), key="k")

    assert ([MutationStatus.UNKNOWN] * 2, ["start_flow"]) == ([first.status, again.status], north.writes)
