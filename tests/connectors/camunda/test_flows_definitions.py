"""Task definitions: the user tasks of processes."""

from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camunda import CamundaConnector
from connectors.camunda.formats.bpmn import NAMESPACE
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.errors import (
    ForbiddenError,
    MalformedResponseError,
    UnavailableError,
    ValidationFailedError,
)
from connectors.sdk.fan_out import BATCH_CONCURRENCY
from connectors.sdk.model import Definition, Task
from connectors.sdk.paging import write_cursor
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import FaultyTransport
from sandbox.camunda.stand_in import CamundaStandIn
from tests.connectors.camunda.conftest import streamed

Answering = Callable[..., CamundaConnector]
Elements = dict[str, list[str]]

NO_DOCUMENT = httpx2.Response(204)


def row(process: str, key: str | None = None, **members: Any) -> dict[str, Any]:
    """A process definition as server 8.9 answers it."""
    return {
        "processDefinitionKey": key or f"1{process}",
        "processDefinitionId": process,
        "name": process.title(),
        "resourceName": f"{process}.bpmn",
        "version": 3,
        "versionTag": None,
        "tenantId": "<default>",
        "hasStartForm": False,
        "state": "ACTIVE",
    } | members


def document(process: str, *elements: str) -> httpx2.Response:
    inside = "".join(f'<userTask id="{element}" name="{element.upper()}"/>' for element in elements)
    text = f'<definitions xmlns="{NAMESPACE}"><process id="{process}">{inside}</process></definitions>'
    return httpx2.Response(200, text=text, headers={"Content-Type": "text/xml;charset=UTF-8"})


class Cluster:
    """Answers searches of processes, page by page, and reads of documents."""

    def __init__(self, rows: list[dict[str, Any]], documents: dict[str, httpx2.Response], *, most: int = 100) -> None:
        self.rows = rows
        self.documents = documents
        self.most = most
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v2/process-definitions/")
        self.asked.append(path)
        if path != "search":
            return self.documents[path.removesuffix("/xml")]
        page = msgspec.json.decode(request.content)["page"]
        # The server caps pages, so that there are several.
        start = int(page.get("after", 0))
        rows = self.rows[start : start + self.most]
        end = {"totalItems": len(self.rows), "endCursor": str(start + self.most)}
        return httpx2.Response(200, json={"items": rows, "page": end})

    @property
    def documents_read(self) -> list[str]:
        return [path.removesuffix("/xml") for path in self.asked if path != "search"]


def cluster_of(elements: Elements, *, most: int = 100) -> Cluster:
    documents = {f"1{process}": document(process, *inside) for process, inside in elements.items()}
    return Cluster([row(process) for process in elements], documents, most=most)


async def drained(connector: CamundaConnector, limit: int) -> list[list[str]]:
    """The native ids, page by page."""
    pages: list[list[str]] = []
    after: str | None = None
    for _ in range(300):
        page = await connector.list_task_definitions(limit=limit, after=after)
        pages.append([each.native_id for each in page.items])
        after = page.next_cursor
        if after is None:
            return pages
    raise AssertionError("no end")


async def test_a_definition_is_an_element_of_the_latest_version(answering: Answering) -> None:
    """By the vendor's own filter. The total is unknown, because the vendor counts processes."""
    requests: list[httpx2.Request] = []
    cluster = cluster_of({"invoice": ["approve", "pay"], "order": ["check"]})

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return cluster(request)

    page = await answering(answer).list_task_definitions(limit=50)

    assert [
        Definition(native_id="1invoice/approve", key="invoice/approve", name="APPROVE", version="3"),
        Definition(native_id="1invoice/pay", key="invoice/pay", name="PAY", version="3"),
        Definition(native_id="1order/check", key="order/check", name="CHECK", version="3"),
    ] == list(page.items)
    assert (None, None) == (page.next_cursor, page.total)
    assert {
        "filter": {"isLatestVersion": True},
        "sort": [{"field": "processDefinitionId", "order": "ASC"}, {"field": "tenantId", "order": "ASC"}],
        "page": {"limit": 100},
    } == msgspec.json.decode(requests[0].content)


async def test_a_document_is_requested_as_xml(answering: Answering) -> None:
    """The server answers 406 to a client that accepts JSON only. Errors are preferred as JSON."""
    accepted: set[str] = set()
    cluster = cluster_of({"a": ["x"]})

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/xml"):
            accepted.add(request.headers["Accept"])
        return cluster(request)

    await answering(answer).list_task_definitions(limit=5)

    assert {"application/json, text/xml;q=0.9"} == accepted


@pytest.mark.parametrize("version", ["8.8", "8.9", "8.10"])
async def test_the_definition_of_every_task_is_listed(
    version: str, versions: dict[str, CamundaSettings], stand_in: CamundaStandIn, drain: Callable[..., Any]
) -> None:
    """With the same id, key, name and version."""
    stand_in.reset(tasks=250, seed=7, now=None, scenario=version)
    transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
    connector = CamundaConnector.open(versions[version], transport=transport)
    tasks: list[Task] = await drain(connector, TaskQuery())
    with transport.counting() as requests:
        page = await connector.list_task_definitions(limit=100)
    await connector.aclose()

    processes = {row.process_definition_id for row in stand_in.store.definitions.rows}
    assert {task.definition for task in tasks} <= set(page.items)
    assert (None, 1 + len(processes)) == (page.next_cursor, len(requests))


async def test_a_page_may_end_within_a_process(answering: Answering) -> None:
    """The next page begins behind that element, and reads documents again that were read ahead."""
    cluster = cluster_of({"a": ["1", "2", "3"], "b": [], "c": ["1"], "d": ["1", "2"]})

    assert [["1a/1", "1a/2"], ["1a/3", "1c/1"], ["1d/1", "1d/2"]] == await drained(answering(cluster), 2)
    assert ["1a", "1b", "1a", "1b", "1c", "1c", "1d"] == cluster.documents_read


@pytest.mark.slow
@given(
    st.dictionaries(st.sampled_from("abcdefghijkl"), st.lists(st.sampled_from("12345"), unique=True), max_size=12),
    st.integers(1, 7),
    st.integers(1, 4),
)
def test_all_pages_together_have_each_definition_once(elements: Elements, limit: int, most: int) -> None:
    """In order, and no page is longer than `limit`, for any size of the vendor's pages."""
    cluster = cluster_of(elements, most=most)

    async def read() -> list[list[str]]:
        settings = CamundaSettings(key="c8", name="C8", base_url="https://camunda.test")
        connector = CamundaConnector.open(settings, transport=streamed(cluster))
        pages = await drained(connector, limit)
        await connector.aclose()
        return pages

    pages = anyio.run(read)

    assert [f"1{process}/{element}" for process, inside in elements.items() for element in inside] == [
        each for page in pages for each in page
    ]
    assert max(map(len, pages)) <= limit
    assert len(cluster.documents_read) <= len(elements) + len(pages) * min(limit, BATCH_CONCURRENCY)


async def test_documents_are_read_side_by_side_within_bounds(
    settings: CamundaSettings,
) -> None:
    """Not one after the other, and no more documents than the page needs."""
    elements = {f"p{number:02}": ["a"] for number in range(30)}
    cluster = cluster_of(elements)
    under_way, most = 0, 0

    async def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        made = cluster(request)
        return httpx2.Response(made.status_code, headers=made.headers, stream=httpx2.ByteStream(made.content))

    connector = CamundaConnector.open(settings, transport=httpx2.MockTransport(answer))
    page = await connector.list_task_definitions(limit=20)
    await connector.aclose()

    assert (20, BATCH_CONCURRENCY, 20) == (len(page.items), most, len(cluster.documents_read))


@pytest.mark.parametrize("gone", [NO_DOCUMENT, httpx2.Response(404, json={"title": "NOT_FOUND"})])
async def test_a_process_without_a_document_has_no_definitions(gone: httpx2.Response, answering: Answering) -> None:
    """204: it has no document. 404: it was deleted meanwhile."""
    cluster = cluster_of({"a": ["1"], "b": ["1"], "c": ["1"]})
    cluster.documents["1b"] = gone

    assert [["1a/1", "1c/1"]] == await drained(answering(cluster), 5)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (httpx2.Response(200, text="<html>"), MalformedResponseError, "'b'"),
        (httpx2.Response(200, text=""), MalformedResponseError, "'b'"),
        (document("another", "1"), MalformedResponseError, "'b'"),
        (httpx2.Response(200, text="<!DOCTYPE a><a/>"), MalformedResponseError, "'b'"),
        (httpx2.Response(403), ForbiddenError, "permission"),
        (httpx2.Response(503), UnavailableError, "503"),
    ],
)
async def test_a_document_that_cannot_be_read_is_an_error(
    answer: httpx2.Response, error: type[Exception], message: str, answering: Answering
) -> None:
    """The list fails instead of being too short. The message names the process."""
    cluster = cluster_of({"a": ["1"], "b": ["1"], "c": ["1"]})
    cluster.documents["1b"] = answer

    with pytest.raises(error, match=message):
        await answering(cluster).list_task_definitions(limit=5)


async def test_rows_are_the_latest_versions_that_are_not_deleted(answering: Answering) -> None:
    """Also from a server that ignores the filter. Processes of two tenants are different ones."""
    rows = [
        row("a", "10", version=1),
        row("a", "12", version=3),
        row("a", "11", version=2),
        row("a", "12", version=3),
        row("a", "20", tenantId="blue"),
        {"processDefinitionKey": "30", "processDefinitionId": "b"},
        row("c", "40", state="DELETED"),
        row("d", "50", state="DRAINING"),
    ]
    cluster = Cluster(rows, {each["processDefinitionKey"]: document(each["processDefinitionId"], "x") for each in rows})
    connector = answering(cluster)

    assert [["12/x", "20/x", "30/x", "50/x"]] == await drained(connector, 5)
    assert [["12/x"], ["20/x"], ["30/x"], ["50/x"]] == await drained(connector, 1)
    assert [("a/x", "3"), ("a/x", "3"), ("b/x", None), ("d/x", "3")] == [
        (each.key, each.version) for each in (await connector.list_task_definitions(limit=5)).items
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("a"), row("b", "7b", version=4), row("c")], ["7b/2", "1c/1"]),
        ([row("a"), row("c")], ["1a/1", "1c/1"]),
        ([row("a0"), row("b"), row("c")], ["1b/2", "1c/1"]),
    ],
)
async def test_the_next_page_begins_behind_the_last_one_although_processes_changed(
    rows: list[dict[str, Any]], expected: list[str], answering: Answering
) -> None:
    """Also if the process has a new version. If the process is gone, from the start, so that nothing is left out."""
    elements = {"a": ["1"], "b": ["1", "2"], "c": ["1"]}
    cluster = cluster_of(elements)
    connector = answering(cluster)
    first = await connector.list_task_definitions(limit=2)
    cluster.rows = rows
    cluster.documents |= {"7b": document("b", "1", "2"), "1a0": document("a0")}
    second = await connector.list_task_definitions(limit=5, after=first.next_cursor)

    assert ["1a/1", "1b/1"] == [each.native_id for each in first.items]
    assert expected == [each.native_id for each in second.items]


@pytest.mark.parametrize(
    "cursor", ["", "x", "7", "{}", "[7]", write_cursor([7]), write_cursor([None, ["a"], "x"]), "[" * 5000, "\ud800"]
)
async def test_a_cursor_of_another_list_is_refused(cursor: str, answering: Answering) -> None:
    """No call is made."""
    cluster = cluster_of({})

    with pytest.raises(ValidationFailedError) as caught:
        await answering(cluster).list_task_definitions(limit=5, after=cursor)

    assert (("after",), []) == (caught.value.field, cluster.asked)
