"""What surrounds every call, seen from outside: reports, limits, extensions, metrics and log."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog

from tests.gateway.test_end_to_end import QUEUE, mutate, source_id
from tests.world import World, opened

pytestmark = pytest.mark.server

INBOX = """query Inbox($source: ID!, $first: Int, $freshness: Freshness) {
  viewer { inbox(scope: MINE, first: $first, freshness: $freshness, filter: { source: { eq: $source } }) {
    nodes { id } sources { source { key } status upstreamCalls error { code message retryAt } } } } }"""
WHOLE = """{ viewer { inbox(scope: MINE, first: 100) {
  nodes { source { key } } sources { source { key } status error { code } } } } }"""
HEALTH = """{ sources { key status statusReason rateLimits { name limit remaining resetAt observed } } }"""


async def report(world: World, key: str, **variables: Any) -> dict[str, Any]:
    """The report of one source on alice's inbox."""
    data = await world.data(INBOX, source=await source_id(world, key), **variables)
    return next(each for each in data["viewer"]["inbox"]["sources"] if each["source"]["key"] == key)


async def health(world: World, key: str) -> dict[str, Any]:
    return next(source for source in (await world.data(HEALTH, "carol"))["sources"] if source["key"] == key)


async def test_an_answer_has_the_number_of_calls_that_arrived(world: World) -> None:
    """For a cold read. A warm read makes no call."""
    for key in world.urls:
        await world.control(key, "requests", method="DELETE")
    cold = (await world.ask(WHOLE))["extensions"]["taskgate"]
    arrived = sum([len(await world.requests(key)) for key in world.urls])
    warm = (await world.ask(WHOLE))["extensions"]["taskgate"]

    assert arrived == cold["upstreamCalls"] > 0
    assert (0, 0, 0) == (warm["upstreamCalls"], warm["retries"], warm["refusals"])


async def test_a_hundred_equal_queries_at_once_cost_as_much_as_one(world: World) -> None:
    """P3: single flight."""
    spent: list[int] = []

    async def one() -> None:
        spent.append((await world.ask(WHOLE))["extensions"]["taskgate"]["upstreamCalls"])

    for key in world.urls:
        await world.control(key, "requests", method="DELETE")
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(one)
    arrived: Counter[tuple[str, ...]] = Counter()
    for key in world.urls:
        for request in await world.requests(key):
            arrived[(key, *(str(request[what]) for what in ("method", "path", "query", "body")))] += 1

    assert {1} == set(arrived.values())
    assert arrived.total() == sum(spent)


async def test_every_call_is_a_line_of_the_request_that_caused_it(world: World) -> None:
    """With the request's trace id. Without token, query and ids."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await world.client.post(
            "/graphql",
            json={"query": WHOLE},
            headers={"Authorization": "Bearer alice", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
    told = answer.json()["extensions"]["taskgate"]["upstreamCalls"]
    sent = [line for line in lines if line["event"] == "upstream call"]
    request = next(line for line in lines if line["event"] == "request")

    assert told == len(sent) == request["upstream_calls"]
    assert {trace} == {line["request"] for line in [*sent, request]}
    assert set(world.urls) == {line["source"] for line in sent}
    assert {"ok"} == {line["outcome"] for line in sent}
    assert all(line["operation"] and line["ms"] > 0 and line["waited_ms"] >= 0 for line in sent)


@pytest.mark.parametrize("given", ["", "00-0-0-00", f"00-{'0' * 32}-00f067aa0ba902b7-01", "x" * 200])
async def test_a_request_without_a_valid_trace_has_a_random_id(world: World, given: str) -> None:
    """The log does not repeat the header."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await world.client.get("/livez", headers={"traceparent": given})

    assert re.fullmatch(r"[0-9a-f]{16}", lines[-1]["request"])


async def test_the_limits_that_a_vendor_reports_are_shown(world: World) -> None:
    """GEOtareas has them in each answer. Camunda has none."""
    before = await health(world, "geotareas")
    await report(world, "geotareas")
    after = await health(world, "geotareas")
    reads, writes = after["rateLimits"]
    other = await health(world, "camunda")

    assert [("reads", 30, 30, None, False), ("writes", 10, 10, None, False)] == [
        tuple(limit.values()) for limit in before["rateLimits"]
    ]
    assert ("reads", 30, True) == (reads["name"], reads["limit"], reads["observed"])
    assert 20 <= reads["remaining"] < 30
    assert datetime.fromisoformat(reads["resetAt"]).tzinfo is not None
    assert ("writes", 10, False) == (writes["name"], writes["remaining"], writes["observed"])
    assert {None} == {limit["limit"] for limit in other["rateLimits"]}


async def test_a_read_that_cannot_be_in_time_is_refused_at_once(tmp_path: Path) -> None:
    """R6: the error is RATE_LIMITED with the time to retry. The vendor itself refuses no request."""
    async with opened(tmp_path, in_sources={"geotareas": ["limits = { requests = 3 }", "deadline = 2.0"]}) as world:
        await report(world, "geotareas")
        reports = [await report(world, "geotareas", freshness="FRESH") for _ in range(3)]
        with anyio.fail_after(1.5):
            last = await report(world, "geotareas", freshness="FRESH")
        seen = [request["status"] for request in await world.requests("geotareas")]
        shown = await health(world, "geotareas")

    assert "RATE_LIMITED" == last["status"] == reports[-1]["status"]
    assert ("RATE_LIMITED", 0) == (last["error"]["code"], last["upstreamCalls"])
    assert last["error"]["retryAt"] is not None
    assert set(seen) == {200}
    assert len(seen) <= 4  # three reads and a login
    assert ("RATE_LIMITED", 0) == (shown["status"], shown["rateLimits"][0]["remaining"])


async def test_with_a_used_up_limit_older_rows_are_shown_as_stale(tmp_path: Path) -> None:
    """The report has the failure and the time to retry."""
    lines = [
        "limits = { requests = 3 }",
        "deadline = 1.0",
        "cache = { list_seconds = 0.001, detail_seconds = 0.001, revalidate_seconds = 0 }",
    ]
    async with opened(tmp_path, in_sources={"camunda": lines}) as world:
        source = await source_id(world, "camunda")
        pages = [(await world.data(INBOX, source=source, first=2))["viewer"]["inbox"] for _ in range(5)]

    first, last = pages[0], pages[-1]
    told = next(each for each in last["sources"] if each["source"]["key"] == "camunda")
    assert first["nodes"] == last["nodes"] != []
    assert ("STALE", "RATE_LIMITED", 0) == (told["status"], told["error"]["code"], told["upstreamCalls"])
    assert told["error"]["retryAt"] is not None


async def test_a_write_beyond_the_limit_is_refused_and_may_be_sent_again(tmp_path: Path) -> None:
    """It cannot be sent before its deadline. With the same key it succeeds at the time that the graph shows."""
    limits = {"camunda": ["limits = { writes = 1, window = 9 }"]}
    async with opened(tmp_path, in_gateway=["mutation_deadline = 4"], in_sources=limits) as world:
        inbox = (await world.data(QUEUE, source=await source_id(world, "camunda")))["viewer"]["inbox"]
        one, other = (node["id"] for node in inbox["nodes"][:2])
        first = await mutate(world, "claimTask", taskId=one)
        refused = await mutate(world, "claimTask", taskId=other, idempotencyKey="once more")
        between = await world.effects("camunda")
        reset_at = datetime.fromisoformat((await health(world, "camunda"))["rateLimits"][1]["resetAt"])
        await anyio.sleep((reset_at - datetime.now(UTC)).total_seconds())
        again = await mutate(world, "claimTask", taskId=other, idempotencyKey="once more")

    assert ["APPLIED", "REJECTED", "APPLIED"] == [each["status"] for each in (first, refused, again)]
    assert ["RATE_LIMITED"] == [error["code"] for error in refused["errors"]]
    assert 1 == len(between)


async def test_a_busy_vendor_makes_other_writes_wait(world: World) -> None:
    """One 503 RESOURCE_EXHAUSTED is no limit: the others are applied a moment later."""
    inbox = (await world.data(QUEUE, source=await source_id(world, "camunda")))["viewer"]["inbox"]
    one, *others = (node["id"] for node in inbox["nodes"][:4])
    busy = {"title": "RESOURCE_EXHAUSTED", "detail": "busy", "status": 503, "type": "about:blank"}
    fault = {"kind": "status", "status": 503, "method": "POST", "path": ".*assignment", "times": 1, "body": busy}
    await world.control("camunda", "faults", json=fault)
    refused = await mutate(world, "claimTask", taskId=one)
    applied = [await mutate(world, "claimTask", taskId=other) for other in others]

    assert ("REJECTED", ["RATE_LIMITED"]) == (refused["status"], [error["code"] for error in refused["errors"]])
    assert "no limit was used up" in refused["errors"][0]["message"]
    assert ["APPLIED"] * 3 == [each["status"] for each in applied]


async def test_an_unavailable_source_costs_three_failures_and_then_nothing(tmp_path: Path) -> None:
    """A2, R7: no query waits for it, the rows of the other sources are complete, and the graph shows its status."""
    async with opened(tmp_path) as world:
        await world.stop("uipath")
        tried: list[int] = []
        for _ in range(5):
            answer = await world.ask(INBOX, source=await source_id(world, "uipath"), freshness="FRESH")
            tried.append(answer["extensions"]["taskgate"]["upstreamCalls"])
            last = answer["data"]["viewer"]["inbox"]["sources"]
        refused = answer["extensions"]["taskgate"]["refusals"]
        whole = (await world.data(WHOLE))["viewer"]["inbox"]
        status = await health(world, "uipath")
        ready = await world.client.get("/readyz")

    code = next(each["error"]["code"] for each in last if each["source"]["key"] == "uipath")
    assert sum(tried) == 0  # there was no connection, so no request was sent
    assert ("UPSTREAM_UNAVAILABLE", 1) == (code, refused)
    assert "UNAVAILABLE" == status["status"] == ready.json()["sources"]["uipath"]["status"]
    assert status["statusReason"]
    assert set(world.urls) - {"uipath"} == {node["source"]["key"] for node in whole["nodes"]}
    assert ready.status_code == 200


async def test_a_silent_source_delays_an_answer_by_its_deadline_at_most(tmp_path: Path) -> None:
    """A2: the rows of the other sources are there, and the report of the silent source has the failure."""
    async with opened(tmp_path, in_sources={"littlehorse": ["deadline = 0.5"]}) as world:
        await world.control(
            "littlehorse",
            "faults",
            {"method": ".*", "path": ".*", "kind": "delay", "delay_ms": 120_000, "times": 100},
        )
        with anyio.fail_after(30):
            inbox = (await world.data(WHOLE))["viewer"]["inbox"]

    silent = next(each for each in inbox["sources"] if each["source"]["key"] == "littlehorse")
    assert ("UNAVAILABLE", "UPSTREAM_TIMEOUT") == (silent["status"], silent["error"]["code"])
    assert {"camunda", "uipath", "epilot", "geotareas", "camunda7"} == {
        node["source"]["key"] for node in inbox["nodes"]
    }


async def test_the_deadline_of_a_query_limits_its_sources(tmp_path: Path) -> None:
    """If it is shorter than the deadline of a source."""
    async with opened(tmp_path, in_gateway=["query_deadline = 0.5"]) as world:
        await world.control(
            "camunda", "faults", {"method": ".*", "path": ".*", "kind": "delay", "delay_ms": 120_000, "times": 100}
        )
        with anyio.fail_after(30):
            silent = await report(world, "camunda")

    assert "UPSTREAM_TIMEOUT" == silent["error"]["code"]


async def test_a_read_that_fails_once_is_retried(world: World) -> None:
    """After one 503 the caller gets the rows, and `extensions` has one retry."""
    source = await source_id(world, "camunda")
    await world.control(
        "camunda", "faults", {"method": "POST", "path": "/v2/.*search", "kind": "status", "status": 503}
    )
    answer = await world.ask(INBOX, source=source)

    assert 1 == answer["extensions"]["taskgate"]["retries"]
    assert ["OK"] == [each["status"] for each in answer["data"]["viewer"]["inbox"]["sources"] if each["error"] is None][
        :1
    ]
    assert answer["data"]["viewer"]["inbox"]["nodes"]


CALLS = r'taskgate_upstream_call_seconds_count\{.*outcome="ok".*\} ([0-9.]+)'


async def test_prometheus_reads_the_same_values_as_the_graph(world: World) -> None:
    """Calls by source and outcome, requests by path, sources by status. No person and no token."""
    before = re.findall(CALLS, (await world.client.get("/metrics")).text)
    spent = (await world.ask(WHOLE))["extensions"]["taskgate"]["upstreamCalls"]
    await world.client.get("/somewhere/else")
    scraped = await world.client.get("/metrics")
    text = scraped.text
    calls = re.findall(CALLS, text)

    assert scraped.headers["content-type"].startswith("text/plain")
    # At its start the gateway looked at the accounts of its sources.
    assert spent == sum(map(float, calls)) - sum(map(float, before))
    assert 'taskgate_source_status{source="camunda",status="OK"} 1.0' in text
    assert 'taskgate_source_limit{name="reads",source="geotareas"} 30.0' in text.replace(
        'source="geotareas",name="reads"', 'name="reads",source="geotareas"'
    )
    assert 'path="/graphql"' in text
    assert 'path="other"' in text
    assert "somewhere" not in text
    assert "alice" not in text


async def test_metrics_can_be_switched_off(tmp_path: Path) -> None:
    async with opened(tmp_path, in_gateway=["metrics = false"]) as world:
        assert 404 == (await world.client.get("/metrics")).status_code
