"""Starting and cancelling process instances."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaOptions, CamundaSettings
from connectors.sdk.commands import CancelFlow, FlowCommand, StartFlow
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    UnavailableError,
    UpstreamTimeoutError,
    ValidationFailedError,
)
from connectors.sdk.model import Definition, Flow, FlowState, SubjectRef
from sandbox.camunda.stand_in import CamundaStandIn
from tests.connectors.camunda.rows import flow_of

Answering = Callable[..., CamundaConnector]

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
OPTIONS = {version: CamundaOptions.model_validate({"server_version": version}) for version in ("8.8", "8.9", "8.10")}


@pytest.fixture
def running(instance: dict[str, Any], settings: CamundaSettings) -> Flow:
    return flow_of(msgspec.json.encode(instance), settings, fetched_at=NOW)


def noting(asked: list[Any], response: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, request.url.path, msgspec.json.decode(request.content)))
        return response

    return answer


STARTED = {
    "processInstanceKey": "9",
    "processDefinitionId": "invoice",
    "processDefinitionKey": "7",
    "processDefinitionVersion": 4,
    "tenantId": "<default>",
    "variables": {},
}


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (StartFlow(definition_key="invoice"), {"processDefinitionId": "invoice", "variables": {}}),
        (
            StartFlow(definition_key="invoice", version="4", data={"customer.name": "Ada"}),
            {
                "processDefinitionId": "invoice",
                "processDefinitionVersion": 4,
                "variables": {"customer": {"name": "Ada"}},
            },
        ),
        (
            StartFlow(
                definition_key="invoice", options={"businessId": "INV-9", "tags": ["vip"], "tenantId": "<default>"}
            ),
            {
                "processDefinitionId": "invoice",
                "variables": {},
                "businessId": "INV-9",
                "tags": ["vip"],
                "tenantId": "<default>",
            },
        ),
    ],
)
async def test_starting_a_flow_is_one_request(command: StartFlow, body: dict[str, Any], answering: Answering) -> None:
    """The flow is built from the answer, which has neither name nor times."""
    sent: list[Any] = []
    business_id = "INV-9" if command.options else None
    answer = {**STARTED, "businessId": business_id}

    outcome = await answering(noting(sent, httpx2.Response(200, json=answer))).perform_on_flow(command)

    assert [("POST", "/v2/process-instances", body)] == sent
    assert outcome.flow == Flow(
        source="camunda",
        native_id="9",
        state=FlowState.ACTIVE,
        rule="c8.flow.active",
        fetched_at=NOW,
        name="invoice",
        definition=Definition(native_id="7", key="invoice", version="4"),
        started_at=NOW,
        business_key=business_id,
        url="https://flows.test/9",
        native_state="ACTIVE",
    )


@pytest.mark.parametrize(
    ("version", "command", "field"),
    [
        ("8.9", StartFlow(definition_key="a", version="latest"), ("version",)),
        ("8.9", StartFlow(definition_key="a", version="0"), ("version",)),
        ("8.9", StartFlow(definition_key="a", version="-1"), ("version",)),
        ("8.9", StartFlow(definition_key="a", version="²"), ("version",)),
        ("8.9", StartFlow(definition_key="a", version="9" * 5000), ("version",)),
        ("8.9", StartFlow(definition_key="a", subjects=(SubjectRef(type="o", native_id="1"),)), ("subjects",)),
        ("8.9", StartFlow(definition_key="a", data={"x": 1, "x.y": 2}), ("data", "x.y")),
        ("8.9", StartFlow(definition_key="a", options={"colour": "red"}), ("options", "colour")),
        ("8.9", StartFlow(definition_key="a", options={"tags": []}), ("options", "tags")),
        ("8.9", StartFlow(definition_key="a", options={"tags": "vip"}), ("options", "tags")),
        ("8.9", StartFlow(definition_key="a", options={"tags": [1]}), ("options", "tags")),
        ("8.9", StartFlow(definition_key="a", options={"businessId": ["x"]}), ("options", "businessId")),
        ("8.8", StartFlow(definition_key="a", options={"businessId": "x"}), ("options", "businessId")),
    ],
)
async def test_an_impossible_start_is_refused_without_a_call(
    version: str,
    command: StartFlow,
    field: tuple[str, ...],
    versions: dict[str, CamundaSettings],
    answering: Answering,
) -> None:
    """The error names the argument."""
    sent: list[Any] = []
    connector = answering(noting(sent, httpx2.Response(200, json=STARTED)), versions[version])

    with pytest.raises(ValidationFailedError) as caught:
        await connector.perform_on_flow(command)

    assert (field, []) == (caught.value.field, sent)


@pytest.mark.parametrize(
    ("status", "detail", "error", "maybe_applied"),
    [
        (
            404,
            "Command 'CREATE' rejected with code 'NOT_FOUND': Expected to find process definition with process ID 'x'",
            ValidationFailedError,
            False,
        ),
        (
            409,
            "Command 'CREATE' rejected with code 'ALREADY_EXISTS': an instance with that business id is active",
            ConflictError,
            False,
        ),
        (504, "Expected to handle request, but request timed out", UpstreamTimeoutError, True),
        (502, "aborted", UnavailableError, True),
    ],
)
async def test_a_failed_start_says_whether_it_may_have_been_applied(
    status: int, detail: str, error: type[ConnectorError], maybe_applied: bool, answering: Answering
) -> None:
    """An unknown process is an error of the caller. After a timeout the instance may exist."""
    connector = answering(lambda _: httpx2.Response(status, json={"title": "X", "status": status, "detail": detail}))

    with pytest.raises(error) as caught:
        await connector.perform_on_flow(StartFlow(definition_key="x"))

    assert maybe_applied is caught.value.maybe_applied
    assert "no longer" not in caught.value.message


async def test_cancelling_a_flow_ends_it(connector: CamundaConnector, stand_in: CamundaStandIn) -> None:
    """The record in the outcome is the one that the vendor shows afterwards. A second cancel is refused."""
    row = next(
        each
        for each in stand_in.store.instances.rows
        if each.state == "ACTIVE" and each.parent_process_instance_key is None
    )
    before = (await connector.get_flows([row.process_instance_key]))[row.process_instance_key]
    assert isinstance(before, Flow)

    outcome = await connector.perform_on_flow(CancelFlow(flow=before))

    after = (await connector.get_flows([row.process_instance_key]))[row.process_instance_key]
    assert isinstance(after, Flow)
    assert (FlowState.CANCELED, "c8.flow.terminated") == (after.state, after.rule)
    assert (after.state, after.rule, after.native_state) == (
        outcome.flow.state,
        outcome.flow.rule,
        outcome.flow.native_state,
    )
    assert outcome.effect == f"ended the process instance {before.name} ({before.native_id}) with all its open tasks"
    with pytest.raises(ConflictError):
        await connector.perform_on_flow(CancelFlow(flow=before))


async def test_cancelling_takes_no_options(running: Flow, answering: Answering) -> None:
    """An unknown option is refused, not dropped."""
    sent: list[Any] = []
    command: FlowCommand = CancelFlow(flow=running, options={"reason": "x"})

    with pytest.raises(ValidationFailedError) as caught:
        await answering(noting(sent, httpx2.Response(204))).perform_on_flow(command)

    assert (("options", "reason"), []) == (caught.value.field, sent)
