"""People, and writes to the sources in `memory_source` and `rich_source`."""

from datetime import UTC, datetime

from connectors.sdk.caller import Caller
from connectors.sdk.model import FlowRef, TaskRef
from gateway.federation.service import FederatedSources
from schema.ports import Intent, Target, WriteRequest, WriteResult
from tests.gateway.federation.memory_source import person

ALICE, BOB = person("alice", "north"), person("bob", "north")
CAROL = person("carol", "north", admin=True, groups=())
PEOPLE = [ALICE, BOB, CAROL]
REF, FLOW = TaskRef("north", "1"), FlowRef("north", "f1")
DUE = datetime(2027, 1, 2, tzinfo=UTC)


def codes(result: WriteResult) -> list[str]:
    return [problem.code for problem in result.problems]


async def perform(
    sources: FederatedSources,
    intent: Intent,
    caller: Caller,
    *,
    target: Target = REF,
    key: str | None = None,
    expected_version: str | None = None,
) -> WriteResult:
    return await sources.perform(
        caller,
        WriteRequest(target=target, intent=intent, idempotency_key=key, expected_version=expected_version),
    )
