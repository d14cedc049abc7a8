"""Forms of start events: which calls they cost, how data are judged by them, and what the engine then gets."""

import pytest

from connectors.camunda7 import Camunda7Connector
from connectors.camunda7.formats import start_inputs
from connectors.sdk.commands import StartFlow
from connectors.sdk.errors import MalformedResponseError, NotFoundError, ValidationFailedError
from connectors.sdk.model import FormFieldType, FormKind
from sandbox.camunda7.definitions import BY_KEY
from sandbox.camunda7.formats import document_of
from tests.connectors.camunda7.conftest import House

TRAVEL = StartFlow(definition_key="travel-expenses")


async def test_form_data_of_a_start_event_are_judged_and_sent_in_their_types(
    house: House, connector: Camunda7Connector
) -> None:
    """Two calls for the form. Every fault at once; a date goes in the pattern of its field."""
    form = await connector.start_form(TRAVEL)
    calls = list(house.sent)
    assert form is not None
    faulty = connector.judge_form(form, {"amount": 0, "leftOn": "soon"}, {})
    good = connector.judge_form(form, {"traveller": "Ada", "amount": 5, "leftOn": "2026-12-24", "more": True}, {})
    started = await connector.perform_on_flow(StartFlow(definition_key="travel-expenses", data=dict(good.data)))
    assert started.flow is not None
    variables = house.stand_in.store.instances[started.flow.native_id].variables

    assert [
        "GET /process-definition/key/travel-expenses/startForm",
        "GET /process-definition/key/travel-expenses/xml",
    ] == calls
    assert FormKind.FIELDS is form.kind
    assert [FormFieldType.TEXT, FormFieldType.INTEGER, FormFieldType.DATE] == [field.type for field in form.fields]
    assert ["amount", "leftOn", "traveller"] == sorted(fault.key for fault in faulty.faults)
    assert () == good.faults
    assert ("Long", "Date", "Boolean") == tuple(variables[name]["type"] for name in ("amount", "leftOn", "more"))


async def test_a_camunda_form_of_a_start_event_is_judged_here(house: House, connector: Camunda7Connector) -> None:
    """As form-js would: the engine does not check it."""
    form = await connector.start_form(StartFlow(definition_key="supplier-contract"))
    assert form is not None

    assert (FormKind.VENDOR_SCHEMA, "contract-request") == (form.kind, form.key)
    assert ["supplier"] == [fault.key for fault in connector.judge_form(form, {}, {}).faults]
    assert () == connector.judge_form(form, {"supplier": "ACME"}, {}).faults
    assert "GET /process-definition/key/supplier-contract/deployed-start-form" == house.sent[-1]


async def test_a_start_without_a_form_costs_one_call(house: House, connector: Camunda7Connector) -> None:
    """With a version two: the first finds its id."""
    without = await connector.start_form(StartFlow(definition_key="goods-return"))
    calls = len(house.sent)
    pinned = await connector.start_form(StartFlow(definition_key="invoice", version="3"))
    id = house.stand_in.store.definitions["invoice"]

    assert (None, None, 1) == (without, pinned, calls)
    assert ["GET /process-definition", f"GET /process-definition/{id}/startForm"] == house.sent[1:]


async def test_what_cannot_be_started_has_no_form(house: House, connector: Camunda7Connector) -> None:
    """An unknown process, an unknown version, options of another vendor: before any start is sent."""
    for command in (
        StartFlow(definition_key="nothing"),
        StartFlow(definition_key="invoice", version="9"),
        StartFlow(definition_key="invoice", options={"nothing": 1}),
    ):
        with pytest.raises(ValidationFailedError):
            await connector.start_form(command)
    assert all(each.startswith("GET") for each in house.sent)


async def test_a_form_that_is_not_deployed_is_named(
    connector: Camunda7Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process names it, but the engine has no such document: nothing is sent."""

    async def gone(_: object) -> bytes:
        raise NotFoundError("no such record in this source")

    monkeypatch.setattr(connector._client, "get_deployed_start_form", gone)
    with pytest.raises(NotFoundError, match="not deployed"):
        await connector.start_form(StartFlow(definition_key="supplier-contract"))


async def test_a_version_that_is_gone_is_named(
    house: House, connector: Camunda7Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was deleted between the two calls of a start: the engine's 500 says that nothing was started."""
    found = await connector._client.find_version("invoice", 3)
    monkeypatch.setattr(house.stand_in.store, "process_of", lambda _: None)

    async def as_before(*_: object) -> object:
        return found

    monkeypatch.setattr(connector._client, "find_version", as_before)
    with pytest.raises(ValidationFailedError, match="not deployed") as refusal:
        await connector.perform_on_flow(StartFlow(definition_key="invoice", version="3", data={"amount": 12}))
    assert not refusal.value.maybe_applied


async def test_the_engine_checks_form_data_of_a_start_too(house: House, connector: Camunda7Connector) -> None:
    """Its refusal is told without its quoted words, and nothing has been started."""
    before = len(house.stand_in.store.instances)
    with pytest.raises(ValidationFailedError, match="Invalid value submitted for form field") as refusal:
        await connector.perform_on_flow(
            StartFlow(definition_key="travel-expenses", data={"traveller": "A", "amount": 0})
        )

    assert not refusal.value.maybe_applied
    assert before == len(house.stand_in.store.instances)


def test_form_data_are_those_of_the_plain_start_event() -> None:
    """Not of one that waits for a message, of one in a subprocess, or of another process."""
    field = '<extensionElements><c:formData><c:formField id="{}" type="long"/></c:formData></extensionElements>'
    plain = f'<startEvent id="a">{field.format("wanted")}</startEvent>'
    waiting = f'<startEvent id="b">{field.format("message")}<messageEventDefinition/></startEvent>'
    inner = f'<subProcess id="s"><startEvent id="c">{field.format("inner")}</startEvent></subProcess>'
    other = f'<process id="other"><startEvent id="d">{field.format("other")}</startEvent></process>'
    document = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://operaton.org/schema/1.0/bpmn">'
        f'<process id="p">{{}}</process>{other}</definitions>'
    )

    for parts in ((plain, waiting, inner), (inner, waiting, plain)):
        assert ["wanted"] == [each.id for each in start_inputs(document.format("".join(parts)).encode(), "p")]
    assert [] == start_inputs(document.format(waiting + inner).encode(), "p")
    with pytest.raises(MalformedResponseError):
        start_inputs(document.encode(), "nothing")


def test_the_stand_ins_documents_have_the_form_data() -> None:
    """As a real engine gets them, too."""
    process = BY_KEY["travel-expenses"]

    assert [each.id for each in process.inputs] == [
        each.id for each in start_inputs(document_of(process).encode(), process.key)
    ]
