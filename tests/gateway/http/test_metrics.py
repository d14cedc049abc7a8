"""What /metrics tells beside the sources: operations, writes, build and process."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import httpx2
import pytest

from gateway.audit import AuditLine
from gateway.federation.writes import OpenWrites
from gateway.http import Metrics
from gateway.http.operation_record import LONGEST_NAME, MOST_NAMES, OperationNames, OperationRecord
from tests.tree import ROOT


def values(metrics: Metrics, name: str) -> Mapping[str, float]:
    """By labels as they are written."""
    found = re.findall(rf"^{name}\{{(.*)\}} (.*)$", metrics.exposition().decode(), re.MULTILINE)
    return {labels: float(value) for labels, value in found}


def line(**more: Any) -> AuditLine:
    said: dict[str, Any] = {
        "time": "",
        "kind": "write",
        "person": "alice",
        "issuer": None,
        "source": "camunda",
        "acted_as": "account",
        "action": "CLAIM",
        "target": "task:secret-id",
        "status": "APPLIED",
        "codes": (),
        "operation": "o1",
        "request": None,
    }
    return AuditLine(**{**said, **more})


def test_writes_are_counted_by_action_and_status() -> None:
    """A source that a client invented gets no label. No person and no id does."""
    metrics = Metrics(sources=tuple, keys=lambda: ["camunda"])
    for written in (
        line(),
        line(),
        line(status="UNKNOWN"),
        line(source="x" * 99),
        line(source=""),
        line(kind="settled"),
    ):
        metrics.observe_write(written)

    assert {
        'action="CLAIM",kind="write",source="camunda",status="APPLIED"': 2,
        'action="CLAIM",kind="write",source="camunda",status="UNKNOWN"': 1,
        'action="CLAIM",kind="write",source="other",status="APPLIED"': 1,
        'action="CLAIM",kind="write",source="none",status="APPLIED"': 1,
        'action="CLAIM",kind="settled",source="camunda",status="APPLIED"': 1,
    } == {
        ",".join(sorted(labels.split(","))): value for labels, value in values(metrics, "taskgate_writes_total").items()
    }
    assert "alice" not in metrics.exposition().decode()
    assert "secret-id" not in metrics.exposition().decode()


def test_a_client_that_invents_names_gets_one_label() -> None:
    names = OperationNames()
    labels = {names.label(f"Name{number}") for number in range(10 * MOST_NAMES)}

    assert len(labels) == MOST_NAMES + 1
    assert ["Name1", "other", "unnamed"] == [names.label(name) for name in ("Name1", "New", None)]
    assert "other" == OperationNames().label("x" * (LONGEST_NAME + 1))


def test_open_writes_have_the_age_of_the_oldest() -> None:
    """A source that is configured no more is "other"."""
    asked = datetime.now(UTC) - timedelta(seconds=100)
    metrics = Metrics(sources=tuple, open_writes=lambda: {"gone": OpenWrites(2, asked), "too": OpenWrites(1, asked)})

    assert {'source="other"': 3} == values(metrics, "taskgate_writes_open")
    assert 100 <= values(metrics, "taskgate_writes_open_oldest_seconds")['source="other"'] < 130


def test_errors_are_counted_by_code_and_an_operation_that_did_not_run_is_none() -> None:
    metrics = Metrics(sources=tuple)
    metrics.observe_operation(OperationRecord(codes=("TOO_COSTLY",)))
    metrics.observe_operation(OperationRecord(kind="query", name="Inbox", codes=("INTERNAL", "TOO_COSTLY"), seconds=2))

    assert {'code="TOO_COSTLY"': 2, 'code="INTERNAL"': 1} == values(metrics, "taskgate_graphql_errors_total")
    assert [2.0] == [*values(metrics, "taskgate_graphql_operation_seconds_sum").values()]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("query Named { __typename }", 'kind="query",operation="Named",result="ok"'),
        ("{ __typename }", 'kind="query",operation="unnamed",result="ok"'),
        ('query Failing { node(id: "x") { id } }', 'kind="query",operation="Failing",result='),
        ('mutation Claim { claimTask(input: {taskId: "x"}) { status } }', 'kind="mutation",operation="Claim",result='),
    ],
)
async def test_an_operation_is_counted_by_its_name(client: httpx2.AsyncClient, query: str, labels: str) -> None:
    await client.post("/graphql", json={"query": query})
    text = (await client.get("/metrics")).text

    assert f"taskgate_graphql_operation_seconds_count{{{labels}" in text


async def test_refusals_are_counted_by_code(client: httpx2.AsyncClient) -> None:
    """Those before anything is read, and those of the document."""
    await client.put("/graphql")
    await client.post("/graphql", json={"query": "{ nothingOfTheKind }"})
    text = (await client.get("/metrics")).text

    assert 'taskgate_graphql_errors_total{code="METHOD_NOT_ALLOWED"}' in text
    assert "nothingOfTheKind" not in text
    assert len(re.findall(r"taskgate_graphql_errors_total\{", text)) >= 2


async def test_build_and_process_are_told(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/metrics")).text

    assert f'version="{version("taskgate")}"' in text
    assert re.search(r"^process_cpu_seconds_total [0-9.]+$", text, re.MULTILINE)


async def test_the_documentation_has_every_metric(client: httpx2.AsyncClient) -> None:
    """And no other."""
    families = set(re.findall(r"^# TYPE (taskgate_\w+) ", (await client.get("/metrics")).text, re.MULTILINE))
    table = (
        (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("## Metrics")[2].partition("\n## ")[0]
    )
    documented = set(
        re.findall(r"`(taskgate_\w+)`", "\n".join(row.split("|")[1] for row in table.splitlines() if "|" in row))
    )

    assert {name for name in families if not name.endswith("_created")} == documented
