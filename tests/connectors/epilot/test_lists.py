"""Lists of tasks by flow, entity and generation, lists of flows, and single tasks."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from connectors.epilot import EpilotConnector
from connectors.epilot.ids import task_id
from connectors.epilot.settings import Generation, ListBy
from connectors.sdk.errors import ConnectorError, NotFoundError, UnsupportedActionError
from connectors.sdk.model import OPEN_STATES, DetailAspect, Flow, Task, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from connectors.sdk.testing import drain
from tests.connectors.epilot.example import answering, everything

Scripted = Callable[..., EpilotConnector]

# Flows of entities


async def test_tasks_of_entities_come_once(organisation: Any) -> None:
    """All those of the flows of the configured entities; a flow of two of them is listed with the first."""
    every = await everything(organisation.connector)
    subjects = list(dict.fromkeys((s.type, s.native_id) for task in every for s in task.subjects or ()))
    entities = [{"entity_schema": type_, "entity_id": native_id} for type_, native_id in subjects]
    connector = organisation.open(list_by="entities", entities=entities)
    small = [task.native_id for task in await drain(connector, TaskQuery(), 3)]

    assert sorted(small) == sorted(task.native_id for task in every)
    assert {task.native_id: task.version for task in await everything(connector)} == {
        task.native_id: task.version for task in every
    }


async def test_without_entities_there_is_nothing_to_ask(organisation: Any) -> None:
    """No tasks; flows say that they cannot be listed so."""
    connector = organisation.open(list_by="entities")

    assert (await connector.list_tasks(TaskQuery(), limit=5)).items == ()
    with pytest.raises(UnsupportedActionError):
        await connector.list_flows(FlowQuery(), limit=5)
    assert organisation.asked == []


async def test_entities_of_the_older_generation_are_asked_there(organisation: Any) -> None:
    """By context and schema."""
    old = await everything(organisation.open(list_by="executions_v1"))
    subject = old[0].subjects[0]
    entity = {"entity_schema": subject.type, "entity_id": subject.native_id}
    connector = organisation.open(list_by="entities", generation="v1", entities=[entity])
    found = await everything(connector)

    assert {task.native_id for task in found} == {task.native_id for task in old if subject in task.subjects}


# The older generation


async def test_workflows_are_listed_at_once(organisation: Any) -> None:
    """One call, all of them; flows too."""
    connector = organisation.open(list_by="executions_v1")
    organisation.forget()
    tasks = await everything(connector)

    assert organisation.asked == ["GET /v1/workflows/executions"]
    assert {Generation.V1} == {task_id(task.native_id).flow.generation for task in tasks}
    assert {TaskState.READY, TaskState.CREATED} <= {task.state for task in tasks}

    flows = await connector.list_flows(FlowQuery(), limit=1000)

    assert {flow.native_id for flow in flows.items} == {task.flow_id for task in tasks}


# What all have in common


async def test_tasks_of_a_flow_are_read_from_it(organisation: Any) -> None:
    """Whatever the list; one call a flow, unless there are many."""
    connector = organisation.connector
    every = await everything(connector)
    flows = sorted({task.flow_id for task in every})
    organisation.forget()
    found = await everything(connector, TaskQuery(flows=frozenset(flows[:2]), states=OPEN_STATES))

    assert organisation.asked == [f"GET /v2/flows/executions/{flow.removeprefix('v2/')}" for flow in flows[:2]]
    assert {task.native_id for task in found} == {task.native_id for task in every if task.flow_id in flows[:2]}
    assert connector.pushdown(TaskQuery(flows=frozenset(map(str, range(11))))).flows is None


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(candidate_users=frozenset({"1"}), states=OPEN_STATES),
        TaskQuery(candidate_groups=frozenset({"g"})),
        TaskQuery(has_candidates=True),
    ],
)
async def test_candidates_cost_no_call(organisation: Any, query: TaskQuery) -> None:
    """Tasks name none."""
    assert await everything(organisation.connector, query) == []
    assert organisation.asked == []


async def test_a_flow_that_cannot_be_read_fails_its_list(organisation: Any) -> None:
    """One that is not there has no tasks."""
    connector = organisation.connector
    page = await connector.list_tasks(TaskQuery(flows=frozenset({"v2/none", "no id"})), limit=5)

    assert page.items == ()

    organisation.transport = httpx2.MockTransport(lambda _: httpx2.Response(500, stream=httpx2.ByteStream(b"")))
    with pytest.raises(ConnectorError):
        await connector.list_tasks(TaskQuery(flows=frozenset({"v2/none"})), limit=5)


async def test_flows_of_a_subject_are_searched(organisation: Any) -> None:
    """One call for each entity; no subject, no call where the generation has no list."""
    connector = organisation.connector
    task = (await everything(connector))[0]
    subject = task.subjects[0]
    query = FlowQuery(subject_types=frozenset({subject.type}), subject_ids=frozenset({subject.native_id}))
    organisation.forget()
    pushed = connector.pushdown_flows(query)
    page = await connector.list_flows(pushed, limit=50)

    assert pushed == query
    assert organisation.asked == ["POST /v2/flows/executions:search"]
    assert task.flow_id in {flow.native_id for flow in page.items}
    assert all(isinstance(flow, Flow) and query.matches(flow) for flow in page.items)
    assert connector.pushdown_flows(FlowQuery(subject_types=frozenset({"a"}))) == FlowQuery()


async def test_a_detail_of_a_task_that_went_is_not_found(organisation: Any, task: Task) -> None:
    """The flow is there, the task is not in it."""
    known = (await everything(organisation.connector))[0]
    gone = f"{known.flow_id}/gone"

    assert {} == await organisation.connector.get_tasks([gone])
    with pytest.raises(NotFoundError):
        await organisation.connector.get_detail(replace(task, native_id=gone), frozenset(DetailAspect))


async def test_tasks_of_one_flow_cost_one_call(organisation: Any) -> None:
    """However many ids are asked for."""
    every = await everything(organisation.connector)
    flow = every[0].flow_id
    ids = [task.native_id for task in every if task.flow_id == flow]
    organisation.forget()
    found = await organisation.connector.get_tasks(ids)

    assert sorted(found) == sorted(ids)
    assert 1 == len(organisation.asked) < len(ids)


async def test_an_older_execution_that_is_not_there_is_absent(organisation: Any) -> None:
    """The vendor answers 200 and nothing."""
    assert {} == await organisation.connector.get_tasks(["v1/none/none"])
    assert {} == await organisation.connector.get_flows(["v1/none"])


@pytest.mark.parametrize("list_by", ListBy)
def test_every_list_says_what_it_may_leave_out(scripted: Scripted, list_by: ListBy) -> None:
    """In words for people."""
    assert len(scripted(answering({}), list_by=list_by).info.list_note) > 20
