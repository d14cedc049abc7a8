"""Answers of another shape than documented."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.sdk.commands import StartFlow
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import DetailAspect, FormKind, Task
from connectors.sdk.query import FlowQuery

Answering = Callable[..., CamundaConnector]


READS: list[Callable[[CamundaConnector, Task], Awaitable[object]]] = [
    lambda connector, _: connector.list_flows(FlowQuery(), limit=5),
    lambda connector, _: connector.list_task_definitions(limit=5),
    lambda connector, _: connector.list_users(limit=5),
    lambda connector, task: connector.list_users(assignable_to=task, limit=5),
    lambda connector, _: connector.list_groups(limit=5),
    lambda connector, _: connector.list_members("accounting", limit=5),
    lambda connector, _: connector.get_users(["alice"]),
    lambda connector, _: connector.get_groups(["accounting"]),
    lambda connector, _: connector.extras.get_self(),
    lambda connector, task: connector.get_detail(task, {DetailAspect.FORM}),
    lambda connector, task: connector.get_detail(task, {DetailAspect.DATA}),
    lambda connector, task: connector.get_detail(task, {DetailAspect.ACTIVITIES}),
    lambda connector, _: connector.perform_on_flow(StartFlow(definition_key="invoice")),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"null",
        b"42",
        b"",
        b"[" * 5000,
        b"\xff",
        b'{"items":7,"username":7,"schema":7,"processInstanceKey":7}',
        b'{"items":{},"username":[],"schema":[]}',
    ],
)
async def test_an_answer_of_another_shape_is_malformed(
    read: Callable[[CamundaConnector, Task], Awaitable[object]], body: bytes, task: Task, answering: Answering
) -> None:
    """There is no other exception and no partial answer."""
    connector = answering(lambda _: httpx2.Response(200, content=body))

    with pytest.raises(MalformedResponseError):
        await read(connector, task)


async def test_answers_with_unknown_members_are_read(task: Task, answering: Answering) -> None:
    """Minor versions of the server add members. Empty members may be absent, also `page`."""
    body = {"items": [], "hologram": {"deep": [1]}}
    connector = answering(lambda _: httpx2.Response(200, json=body))

    assert [(), (), (), (), (), {}, None] == [
        tuple((await connector.list_flows(FlowQuery(), limit=5)).items),
        tuple((await connector.list_task_definitions(limit=5)).items),
        tuple((await connector.list_users(limit=5)).items),
        tuple((await connector.list_groups(limit=5)).items),
        tuple((await connector.list_members("accounting", limit=5)).items),
        await connector.get_users(["alice"]),
        await connector.extras.get_self(),
    ]
    detail = await connector.get_detail(task, {DetailAspect.FORM, DetailAspect.DATA, DetailAspect.ACTIVITIES})
    assert (FormKind.NONE, {}, ()) == (detail.form and detail.form.kind, detail.data, detail.activities)
