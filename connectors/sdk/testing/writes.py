"""Promises about verbs on tasks and flows."""

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest

from connectors.sdk.commands import (
    AddComment,
    Cancel,
    Claim,
    CreateTask,
    FlowCommand,
    MutationStatus,
    Outcome,
    ResumeFlow,
    StartFlow,
    SuspendFlow,
    TaskCommand,
    Unassign,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    RejectedError,
    UnsupportedActionError,
)
from connectors.sdk.model import DetailAspect, Flow, FlowState
from connectors.sdk.testing.faulty_transport import FaultyTransport
from connectors.sdk.testing.messages import errors_shown, requests_shown, shown
from connectors.sdk.testing.reading import carried_out, errors_of, find, perform, perform_on_flow, read, read_flow
from connectors.sdk.testing.sample import ContractSample
from connectors.sdk.testing.verbs import (
    COMMANDS,
    COMMENT,
    FLOW_COMMANDS,
    by,
    command_on,
    flow_took_effect,
    prepared,
    took_effect,
)


def _places_of_writes(requests: Sequence[httpx2.Request]) -> list[int]:
    """Of the requests that are no GET; a single request is the write, whatever its method is."""
    return [0] if len(requests) == 1 else [place for place, each in enumerate(requests) if each.method != "GET"]


class WritePromises:
    """A declared verb has its effect; a verb that is not declared is refused without a request."""

    async def test_a_declared_verb_moves_the_state(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, verb: type[TaskCommand]
    ) -> None:
        """With one write for each step; if it is atomic, with no read before it. A read then gives the record of the outcome."""
        command = await prepared(connector, sample, verb)
        with transport.counting() as requests:
            outcome = await carried_out(connector, command)
        found = await find(connector, command.task.native_id)

        assert outcome.status in {MutationStatus.APPLIED, MutationStatus.PENDING}
        assert command.task.native_id == outcome.task.native_id, "the outcome has another task"
        assert took_effect(command, outcome.task), (
            f"{verb.__name__} has no effect on Outcome.task, {shown(outcome.task)}"
        )
        if connector.info.capabilities[verb].atomic:
            assert _places_of_writes(requests) == [0], (
                f"an atomic verb must send one write and read nothing before, sent {requests_shown(requests)}"
            )
        if outcome.status is MutationStatus.APPLIED:
            assert took_effect(command, found), f"after {verb.__name__} get_tasks still gives {shown(found)}"

    async def test_commands_that_travel_together_are_one_write(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Of `arrays`, on tasks of their own, each with its own outcome. All other commands travel alone."""
        declared = [verb for verb in connector.arrays if verb in connector.info.capabilities]
        alone = [verb for verb in COMMANDS if verb in connector.info.capabilities and verb not in connector.arrays]
        task = await read(connector, sample.unowned[0])
        for verb in alone:
            assert connector.array_of(command_on(connector, sample, verb, task)) is None
        for verb in sorted(declared, key=lambda verb: (issubclass(verb, Cancel), verb.__name__)):
            command = await prepared(connector, sample, verb)
            assert connector.array_of(command) is not None, f"{verb.__name__} is in arrays, and array_of gives None"
            with transport.counting() as requests:
                outcomes = await connector.perform_many([command])
            outcome = outcomes.get(command.task.native_id)

            assert isinstance(outcome, Outcome), f"perform_many gave {outcome!r} for {verb.__name__}"
            assert took_effect(command, outcome.task)
            assert took_effect(command, await find(connector, command.task.native_id))
            assert 1 == sum(request.method != "GET" for request in requests), requests_shown(requests)
            if outcome.task.is_open and outcome.task.assignees and Unassign in connector.info.capabilities:
                await perform(connector, Unassign(task=outcome.task, actor=sample.actor))

    async def test_a_source_can_do_what_its_vendor_declares(self, connector: Connector[Any]) -> None:
        """Each capability is a declared variant whose `when` holds under the settings."""
        variants = type(connector).variants()
        capabilities = connector.info.capabilities

        assert type(connector).info_for(connector.settings) == connector.info
        assert [] == [command.__name__ for command, how in capabilities.items() if (command, how) not in variants]
        assert [] == [how for how in capabilities.values() if not (how.when is None or how.when(connector.settings))]

    async def test_a_second_application_does_what_guarded_says(
        self, connector: Connector[Any], sample: ContractSample, verb: type[TaskCommand]
    ) -> None:
        """A guarded verb, sent again on the same record, is refused and changes nothing."""
        command = await prepared(connector, sample, verb)
        await carried_out(connector, command)
        second = by(sample.other, command) if isinstance(command, Claim) else command
        errors = await errors_of(lambda: carried_out(connector, second))
        found = await find(connector, command.task.native_id)
        how = connector.info.capabilities[verb]

        if how.guarded:
            assert [True] == [isinstance(error, RejectedError) for error in errors], (
                f"guarded=True, so a second {verb.__name__} must be refused with a RejectedError; got {errors_shown(errors)}"
            )
            assert took_effect(command, found), f"the refused second {verb.__name__} changed the task: {shown(found)}"
        elif how.atomic:
            assert [] == errors, f"a second {verb.__name__} was refused: if the vendor refuses it, declare guarded=True"
        assert not any(error.maybe_applied for error in errors), errors_shown(errors)

    async def test_an_undeclared_verb_is_refused_without_a_request(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """The error names the cancel strategies that the source has."""
        task = await read(connector, sample.unowned[0])
        for verb in (verb for verb in COMMANDS if verb not in connector.info.capabilities):
            with transport.counting() as requests, pytest.raises(UnsupportedActionError) as caught:
                await connector.perform(command_on(connector, sample, verb, task))

            assert [] == requests, f"{verb.__name__} is not declared, yet there was {requests_shown(requests)}"
            assert connector.info.cancel_strategies == caught.value.alternatives

    async def test_a_comment_is_read_back(self, connector: Connector[Any], sample: ContractSample) -> None:
        """With its text, once, beside the comments that were there before."""
        if AddComment not in connector.info.capabilities:
            pytest.skip(f"{connector.info.title} has no comments on tasks")
        command = await prepared(connector, sample, AddComment)
        before = (await connector.get_detail(command.task, frozenset({DetailAspect.COMMENTS}))).comments or ()
        await perform(connector, command)
        after = (await connector.get_detail(command.task, frozenset({DetailAspect.COMMENTS}))).comments or ()

        assert len(before) + 1 == len(after)
        assert 1 == sum(COMMENT in comment.text for comment in after)
        assert len(after) == len({comment.native_id for comment in after})

    async def test_a_created_task_is_there(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Under the id of the outcome, after one request."""
        if CreateTask not in connector.info.capabilities or sample.create is None:
            pytest.skip(f"{connector.info.title} creates tasks only by its flows")
        with transport.counting() as requests:
            outcome = await connector.perform(sample.create)
        found = await read(connector, outcome.task.native_id)

        assert sample.create.title == found.title == outcome.task.title
        if connector.info.capabilities[CreateTask].atomic:
            assert 1 == len(requests)

    async def test_flows_are_found_by_their_ids(self, connector: Connector[Any], sample: ContractSample) -> None:
        """An unknown flow is absent; no ids cost no call."""
        if sample.flow is None:
            pytest.skip(f"{connector.info.title} shows no flows")
        found = await connector.get_flows([sample.flow, sample.unknown_id, sample.flow])

        assert [sample.flow] == list(found)
        assert FlowState.ACTIVE is (await read_flow(connector, sample.flow)).state
        assert {} == await connector.get_flows([])

    async def test_a_declared_flow_verb_moves_the_flow(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        flow_verb: type[FlowCommand],
    ) -> None:
        """With one request if it is atomic. If it is applied, a read then gives the record of the outcome."""
        assert sample.flow is not None
        flow = await read_flow(connector, sample.flow)
        if flow_verb is ResumeFlow:
            await connector.perform_on_flow(SuspendFlow(flow=flow, actor=sample.actor))
            flow = await read_flow(connector, sample.flow)
        command = flow_verb(flow=flow, actor=sample.actor, reason="no longer needed")
        with transport.counting() as requests:
            outcome = await perform_on_flow(connector, command)
        found = (await connector.get_flows([flow.native_id])).get(flow.native_id)

        assert flow.native_id == outcome.flow.native_id
        if connector.info.capabilities[flow_verb].atomic:
            assert _places_of_writes(requests) == [0], (
                f"an atomic verb must send one write and read nothing before, sent {requests_shown(requests)}"
            )
        if outcome.status is MutationStatus.APPLIED:
            assert flow_took_effect(command, outcome.flow), f"no effect on FlowOutcome.flow, {shown(outcome.flow)}"
            assert found is None or isinstance(found, Flow)
            assert flow_took_effect(command, found), f"afterwards get_flows still gives {shown(found)}"

    async def test_a_started_flow_is_there(self, connector: Connector[Any], sample: ContractSample) -> None:
        """Under the id of the outcome, and ACTIVE."""
        if StartFlow not in connector.info.capabilities or sample.start_flow is None:
            pytest.skip(f"{connector.info.title} starts no flows")
        outcome = await connector.perform_on_flow(sample.start_flow)
        found = await read_flow(connector, outcome.flow.native_id)

        assert FlowState.ACTIVE is outcome.flow.state is found.state

    async def test_an_undeclared_flow_verb_is_refused_without_a_request(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """For any flow."""
        flow = Flow(
            source=connector.source,
            native_id="1",
            state=FlowState.ACTIVE,
            rule="contract",
            fetched_at=connector.clock(),
        )
        wanted: list[FlowCommand | StartFlow] = [
            *(verb(flow=flow) for verb in FLOW_COMMANDS),
            StartFlow(definition_key="any"),
        ]
        for command in (command for command in wanted if type(command) not in connector.info.capabilities):
            with transport.counting() as requests, pytest.raises(UnsupportedActionError):
                await connector.perform_on_flow(command)

            assert [] == requests
