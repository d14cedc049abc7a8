"""Process definitions of the stand-in for Camunda and their BPMN documents."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest

from sandbox.camunda.stand_in import CamundaStandIn
from tests.spec import ApiDescription

FOLDER = Path(__file__).parents[4] / "shared/specs/camunda"
XML = "/process-definitions/{processDefinitionKey}/xml"
FORM = "/process-definitions/{processDefinitionKey}/form"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"


async def latest(engine: httpx2.AsyncClient) -> list[dict[str, Any]]:
    body = {"filter": {"isLatestVersion": True}, "sort": [{"field": "processDefinitionId"}]}
    items: list[dict[str, Any]] = (await engine.post("/process-definitions/search", json=body)).json()["items"]
    return items


async def documents(engine: httpx2.AsyncClient) -> dict[str, ET.Element]:
    """The process element of each document, by process id."""
    found: dict[str, ET.Element] = {}
    for row in await latest(engine):
        answer = await engine.get(XML.format(**row))
        process = ET.fromstring(answer.text).find(f"{BPMN}process")  # noqa: S314 our own document
        assert process is not None
        found[row["processDefinitionId"]] = process
    return found


@pytest.mark.parametrize(("release", "file"), [("8.8", "rest-api.8.8.yaml"), ("8.9", "rest-api.8.9.bundle.json")])
async def test_a_document_is_served_as_described(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, release: str, file: str
) -> None:
    """The answer is text/xml, 204 for a definition without a document, 404 for an unknown one.

    The description of 8.10 beside the repository lacks the operation.
    """
    if not FOLDER.exists():
        pytest.skip("the vendor's API descriptions do not lie beside the repository")
    description = ApiDescription(FOLDER / file)
    camunda.reset(tasks=20, seed=7, now=None, scenario=release)
    [old] = [each for each in camunda.store.definitions.rows if each.version == 2 and each.name == "Invoice receipt"]
    keys = [(await latest(engine))[0]["processDefinitionKey"], old.process_definition_key, "7", "x"]
    answers = [await engine.get(XML.format(processDefinitionKey=key)) for key in keys]

    assert [200, 204, 404, 400] == [answer.status_code for answer in answers]
    assert "text/xml; charset=utf-8" == answers[0].headers["Content-Type"]
    for answer in answers[1:]:
        description.check_response("GET", XML, answer.status_code, answer.content)


@pytest.mark.parametrize(("release", "file"), [("8.8", "rest-api.8.8.yaml"), ("8.9", "rest-api.8.9.bundle.json")])
async def test_a_start_form_is_served_as_described(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, release: str, file: str
) -> None:
    """204 for a process without one, and its record tells which."""
    if not FOLDER.exists():
        pytest.skip("the vendor's API descriptions do not lie beside the repository")
    description = ApiDescription(FOLDER / file)
    camunda.reset(tasks=20, seed=7, now=None, scenario=release)
    rows = {each["processDefinitionId"]: each for each in await latest(engine)}
    keys = [rows[name]["processDefinitionKey"] for name in ("purchase-order", "invoice")]
    answers = [await engine.get(FORM.format(processDefinitionKey=key)) for key in (*keys, "7")]

    assert [200, 204, 404] == [answer.status_code for answer in answers]
    assert ["purchase-order"] == [name for name, each in rows.items() if each["hasStartForm"]]
    for answer in answers:
        description.check_response("GET", FORM, answer.status_code, answer.content)


async def test_only_a_client_that_reads_xml_gets_a_document(engine: httpx2.AsyncClient) -> None:
    """The 406 names the media types."""
    path = XML.format(**(await latest(engine))[0])
    statuses = {
        accepted: (await engine.get(path, headers={"Accept": accepted})).status_code
        for accepted in (
            "application/json",
            "text/html, application/json",
            "*/*",
            "application/json, text/xml;q=0.9",
            "TEXT/*",
        )
    }

    assert [406, 406, 200, 200, 200] == list(statuses.values())


async def test_a_document_holds_the_elements_that_tasks_are_made_from(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn
) -> None:
    """User tasks have the names, candidate groups and forms of the tasks."""
    processes = await documents(engine)
    shown = {
        (process, element.attrib["id"], element.attrib["name"])
        for process, root in processes.items()
        for element in root.iter(f"{BPMN}userTask")
    }

    rows = camunda.store.tasks.rows
    assert {(row.process_definition_id, row.element_id, row.name) for row in rows} <= shown
    billing = processes["customer-onboarding"].find(f".//{BPMN}userTask[@id='set_up_billing']")
    assert billing is not None
    extensions = {each.tag: each.attrib for each in billing.find(f"{BPMN}extensionElements") or ()}
    assert {
        f"{ZEEBE}userTask": {},
        f"{ZEEBE}assignmentDefinition": {"candidateGroups": "accounting"},
        f"{ZEEBE}formDefinition": {"formId": "set_up_billing_form"},
    } == extensions


async def test_every_element_lies_between_the_start_and_the_end(engine: httpx2.AsyncClient) -> None:
    """Sequence flows connect existing elements, ids are unique, and every element can be reached."""
    for root in (await documents(engine)).values():
        ids = [each.attrib["id"] for each in root]
        flows = [(each.attrib["sourceRef"], each.attrib["targetRef"]) for each in root.iter(f"{BPMN}sequenceFlow")]
        nodes = {each.attrib["id"] for each in root if each.tag != f"{BPMN}sequenceFlow"}
        reached = {"StartEvent_1"}
        for _ in nodes:
            reached |= {target for source, target in flows if source in reached}

        assert len(set(ids)) == len(ids)
        assert nodes == reached
        assert nodes - {"EndEvent_1"} == {source for source, _ in flows}


async def test_documents_name_listeners_and_called_processes(engine: httpx2.AsyncClient) -> None:
    """A document contains the task listeners and call activities that the stand-in executes."""
    processes = await documents(engine)
    listener = processes["task-listeners"].find(f".//{BPMN}userTask[@id='denied_update']//{ZEEBE}taskListener")
    called = processes["order-fulfilment"].find(f".//{BPMN}callActivity//{ZEEBE}calledElement")

    assert listener is not None
    assert called is not None
    assert ("updating", "quality-check") == (listener.attrib["eventType"], called.attrib["processId"])


async def test_latest_versions_are_found_page_by_page(engine: httpx2.AsyncClient) -> None:
    """Pages go forward only; each process occurs once."""
    found: list[tuple[str, int]] = []
    after: str | None = None
    while True:
        page = {"limit": 4} if after is None else {"limit": 4, "after": after}
        answer = await engine.post(
            "/process-definitions/search", json={"filter": {"isLatestVersion": True}, "page": page}
        )
        rows = answer.json()["items"]
        found += [(row["processDefinitionId"], row["version"]) for row in rows]
        if len(rows) < 4:
            break
        after = answer.json()["page"]["endCursor"]

    assert len({process for process, _ in found}) == len(found)
    assert ("invoice", 3) in found
