"""The forms of start events."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.formats.bpmn import NAMESPACE
from connectors.sdk.commands import StartFlow
from connectors.sdk.errors import (
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.sdk.model import FormKind
from tests.connectors.camunda.test_flows_definitions import row

Answering = Callable[..., CamundaConnector]

SCHEMA = {
    "type": "default",
    "components": [
        {"type": "textfield", "key": "supplier", "label": "Supplier", "validate": {"required": True}},
        {"type": "number", "key": "order.total", "label": "Total"},
        {"type": "textfield", "key": "lines.0.item", "label": "Item", "conditional": {"hide": "=order.total = null"}},
    ],
}
TEXT = msgspec.json.encode(SCHEMA).decode()
LINKED = httpx2.Response(200, json={"formKey": "1", "formId": "order", "version": 1, "schema": TEXT})
NOTHING = httpx2.Response(204)
PLAIN = StartFlow(definition_key="order")
PINNED = StartFlow(definition_key="order", version="3")


def document(form_key: str | None, *, form: str = TEXT, event: str = "") -> httpx2.Response:
    """A process whose start event has a form, and which embeds one."""
    defined = "" if form_key is None else f'<z:formDefinition formKey="{form_key}"/>'
    text = (
        f'<definitions xmlns="{NAMESPACE}" xmlns:z="http://camunda.org/schema/zeebe/1.0"><process id="order">'
        f'<extensionElements><z:userTaskForm id="own"><![CDATA[{form}]]></z:userTaskForm></extensionElements>'
        f'<startEvent id="s"><extensionElements>{defined}</extensionElements>{event}</startEvent></process></definitions>'
    )
    return httpx2.Response(200, text=text, headers={"Content-Type": "text/xml"})


class Cluster:
    """Answers the search for versions with `rows`, and each read of a form or a document alike."""

    def __init__(self, *rows: dict[str, Any], form: httpx2.Response = NOTHING, xml: httpx2.Response = NOTHING) -> None:
        self.rows = rows
        self.form = form
        self.xml = xml
        self.calls: list[str] = []
        self.bodies: list[Any] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v2/process-definitions/")
        self.calls.append(path)
        if path == "search":
            self.bodies.append(msgspec.json.decode(request.content))
            return httpx2.Response(200, json={"items": self.rows, "page": {"totalItems": len(self.rows)}})
        return self.form if path.endswith("/form") else self.xml


async def test_a_linked_form_is_read_for_the_newest_version(answering: Answering) -> None:
    """Two calls each time: a process may follow the latest version of its form. Deleted versions do not start."""
    rows = [row("order", str(version), version=version, hasStartForm=True) for version in (2, 4, 3)]
    cluster = Cluster({**rows[1], "state": "DELETED"}, rows[0], rows[2], form=LINKED)
    connector = answering(cluster)

    forms = [await connector.start_form(PLAIN) for _ in range(2)]

    assert [FormKind.VENDOR_SCHEMA] * 2 == [form and form.kind for form in forms]
    assert ["supplier", "order.total", "lines.0.item"] == [field.key for field in forms[0].fields] if forms[0] else []
    assert ["search", "3/form"] * 2 == cluster.calls
    assert {
        "filter": {"processDefinitionId": {"$eq": "order"}},
        "sort": [{"field": "version", "order": "DESC"}],
        "page": {"limit": 20},
    } == cluster.bodies[0]


async def test_what_cannot_change_is_asked_for_once(answering: Answering) -> None:
    """The key of a version, and that its document embeds no form."""
    cluster = Cluster(row("order", "3"), xml=document(None))
    connector = answering(cluster)

    assert [None] * 3 == [await connector.start_form(command) for command in (PINNED, PINNED, PLAIN)]
    assert ["search", "3/xml", "search"] == cluster.calls
    assert {"processDefinitionId": {"$eq": "order"}, "version": 3} == cluster.bodies[0]["filter"]


async def test_a_form_of_the_document_is_read_once(answering: Answering) -> None:
    """The API returns linked forms only. A server may count an embedded form as a start form, or not tell."""
    shown = []
    for told in (True, False, None):
        cluster = Cluster(row("order", "3", hasStartForm=told), xml=document("camunda-forms:bpmn:own"))
        connector = answering(cluster)
        forms = [await connector.start_form(PINNED) for _ in range(2)]
        shown.append(cluster.calls)
        assert [SCHEMA] * 2 == [form and form.vendor_schema for form in forms]

    assert [
        ["search", "3/form", "3/xml", "3/form"],
        ["search", "3/xml"],
        ["search", "3/form", "3/xml", "3/form"],
    ] == shown


@pytest.mark.parametrize(
    "xml",
    [
        NOTHING,
        document("custom:own"),
        document("camunda-forms:bpmn:own", event="<messageEventDefinition/>"),
    ],
)
async def test_without_a_form_of_its_own_a_start_is_not_judged(xml: httpx2.Response, answering: Answering) -> None:
    """No document, a form of another application, and the form of an event that waits for a message."""
    assert await answering(Cluster(row("order", "3"), xml=xml)).start_form(PLAIN) is None


def problem(status: int, title: str) -> httpx2.Response:
    body = {"type": "about:blank", "status": status, "title": title, "detail": "no"}
    return httpx2.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


@pytest.mark.parametrize(
    ("form", "xml", "error"),
    [
        (problem(403, "FORBIDDEN"), NOTHING, ForbiddenError),
        (problem(404, "NOT_FOUND"), NOTHING, NotFoundError),
        (problem(500, "INTERNAL"), NOTHING, ConnectorError),
        (problem(503, "UNAVAILABLE"), NOTHING, UnavailableError),
        (httpx2.Response(200, json={"schema": "{"}), NOTHING, MalformedResponseError),
        (NOTHING, problem(403, "FORBIDDEN"), ForbiddenError),
        (NOTHING, httpx2.Response(200, text="<a"), MalformedResponseError),
        (NOTHING, document("camunda-forms:bpmn:missing"), MalformedResponseError),
        (NOTHING, document("camunda-forms:bpmn:own", form="{"), MalformedResponseError),
    ],
)
async def test_a_form_that_cannot_be_read_is_an_error(
    form: httpx2.Response, xml: httpx2.Response, error: type[ConnectorError], answering: Answering
) -> None:
    """It is not an absent form: the gateway would start the flow unjudged."""
    connector = answering(Cluster(row("order", "3", hasStartForm=True), form=form, xml=xml))

    with pytest.raises(error):
        await connector.start_form(PLAIN)


async def test_a_process_that_the_account_cannot_read_is_refused(answering: Answering) -> None:
    """By the name of the argument. A failed search is its own error."""
    with pytest.raises(ValidationFailedError) as caught:
        await answering(Cluster()).start_form(PINNED)
    with pytest.raises(UnavailableError):
        await answering(lambda _: problem(503, "UNAVAILABLE")).start_form(PLAIN)

    assert ("definitionKey",) == caught.value.field


async def test_the_process_is_that_of_the_tenant(answering: Answering) -> None:
    """Without one, that of a cluster without tenants; some servers leave it out."""
    rows = [row("order", "5", version=5, tenantId="a"), row("order", "3", tenantId="<default>")]
    cluster = Cluster(*rows)
    connector = answering(cluster)

    await connector.start_form(PLAIN)
    await connector.start_form(StartFlow(definition_key="order", options={"tenantId": "a"}))

    assert ["search", "3/xml", "search", "5/xml"] == cluster.calls
    assert {"processDefinitionId": {"$eq": "order"}, "tenantId": "a"} == cluster.bodies[1]["filter"]


@pytest.mark.parametrize(
    "command", [StartFlow(definition_key="a", version="latest"), StartFlow(definition_key="a", options={"colour": 1})]
)
async def test_an_impossible_start_is_refused_before_the_form_is_read(command: StartFlow, answering: Answering) -> None:
    """Without a call."""
    cluster = Cluster()

    with pytest.raises(ValidationFailedError):
        await answering(cluster).start_form(command)

    assert [] == cluster.calls


async def test_data_of_a_start_are_those_that_the_form_submits(answering: Answering) -> None:
    """Nested, lists by numbers, without what is hidden; all faults at once."""
    connector = answering(Cluster(row("order", "3", hasStartForm=True), form=LINKED))
    form = await connector.start_form(PLAIN)
    assert form is not None

    fits = connector.judge_form(form, {"supplier": "A", "order.total": 5, "lines.0.item": "bolt"}, {})
    hides = connector.judge_form(form, {"supplier": "A", "lines": [{"item": "bolt"}]}, {})
    wrong = connector.judge_form(form, {"order.total": "much"}, {})

    assert ({"supplier": "A", "order": {"total": 5}, "lines": [{"item": "bolt"}]}, ()) == (fits.data, fits.faults)
    assert ({"supplier": "A"}, ()) == (hides.data, hides.faults)
    assert [("supplier",), ("order", "total")] == [fault.path for fault in wrong.faults]
