"""The control interface, over real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.server import PortTakenError, serve
from sandbox.stand_in import StandIn

pytestmark = pytest.mark.server


class Counter(StandIn):
    """A vendor with one counter: POST adds one, GET shows it."""

    vendor = "counter"
    count = 0

    def reset(self, *, tasks: int, seed: int, now: datetime | None, scenario: str | None) -> None:
        self.count = tasks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "POST":
            self.count += 1
            self.effects.record("update", "counter", "demo", request.headers.get("x-request-id"))
        await JSONResponse({"count": self.count, "length": len(await request.body())})(scope, receive, send)

    def rate_limited(self, retry_after_s: int, headers: Mapping[str, str]) -> Response:
        return JSONResponse({"slow": "down"}, 429, headers={"Retry-After": str(retry_after_s), **headers})

    def rate_headers(self, limit: int, remaining: int, reset_epoch: int) -> dict[str, str]:
        return {"X-Limit": str(limit), "X-Remaining": str(remaining)}

    def is_write(self, method: str, path: str) -> bool:
        return method == "POST"

    def source_config(self, base_url: str) -> dict[str, Any]:
        return {"key": "counter", "vendor": self.vendor, "base_url": base_url}

    def identities(self) -> dict[str, dict[str, Any]]:
        return {key: {"id": key} for key in ("alice", "bob", "carol")}


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def client(counter: Counter) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        serve([counter], host="127.0.0.1", base_port=0) as urls,
        httpx2.AsyncClient(base_url=urls["counter"], trust_env=False, timeout=120) as client,
    ):
        yield client


async def plant(client: httpx2.AsyncClient, **fault: Any) -> None:
    assert (await client.post("/__sandbox__/faults", json=fault)).status_code == 204


async def test_requests_are_recorded_without_their_credentials(client: httpx2.AsyncClient) -> None:
    """Headers and bodies are recorded with masked secrets."""
    headers = {"Authorization": "Basic c2VjcmV0", "X-API-Key": "hidden", "X-Request-Id": "r1"}
    await client.post("/login?next=1", json={"user": "demo", "password": "hidden"}, headers=headers)
    answer = (await client.get("/__sandbox__/requests")).json()

    [request] = answer["requests"]
    assert ("POST", "/login", "next=1", 200) == tuple(request[key] for key in ("method", "path", "query", "status"))
    assert ("Basic ***", "***", "r1") == tuple(
        request["headers"][key] for key in ("authorization", "x-api-key", "x-request-id")
    )
    assert '{"user":"demo","password":"***"}' == request["body"].replace(" ", "")


async def test_a_list_of_requests_is_cleared_by_delete(client: httpx2.AsyncClient) -> None:
    """Requests to the control interface are not recorded."""
    await client.get("/x")
    await client.delete("/__sandbox__/requests")

    assert {"requests": []} == (await client.get("/__sandbox__/requests")).json()


async def test_no_more_than_ten_thousand_requests_are_kept() -> None:
    """The oldest are dropped."""
    from sandbox.recording import RecordedRequest, Recording

    recording = Recording()
    for number in range(10_001):
        recording.add(RecordedRequest("", "GET", f"/{number}", "", 200, {}, ""))

    assert (10_000, "/1") == (len(recording.all()), recording.all()[0].path)


async def test_effects_name_actor_and_task(client: httpx2.AsyncClient) -> None:
    """An effect has the request id."""
    await client.post("/", headers={"X-Request-Id": "r7"})
    [effect] = (await client.get("/__sandbox__/effects")).json()["effects"]

    assert ("update", "counter", "demo", "r7") == tuple(
        effect[key] for key in ("action", "task", "actor", "request_id")
    )


@pytest.mark.parametrize(("kind", "applied"), [("status", 0), ("status_after", 1)])
async def test_a_status_fault_answers_without_or_after_applying(
    client: httpx2.AsyncClient, counter: Counter, kind: str, applied: int
) -> None:
    """The planted answer is sent once; the next request is answered normally."""
    await plant(client, kind=kind, status=503, headers={"Retry-After": "2"}, body={"title": "UNAVAILABLE"})
    answer = await client.post("/")

    assert (503, "2", {"title": "UNAVAILABLE"}) == (answer.status_code, answer.headers["retry-after"], answer.json())
    assert applied == counter.count
    assert 200 == (await client.post("/")).status_code


@pytest.mark.parametrize(("kind", "applied"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_reset_fault_cuts_the_connection(
    client: httpx2.AsyncClient, counter: Counter, kind: str, applied: int
) -> None:
    """The client gets no answer. The server goes on."""
    await plant(client, kind=kind)
    with pytest.raises(httpx2.TransportError):
        await client.post("/")

    assert applied == counter.count
    assert 200 == (await client.get("/")).status_code
    assert [None, 200] == [each["status"] for each in (await client.get("/__sandbox__/requests")).json()["requests"]]


async def test_a_truncated_answer_ends_in_the_middle(client: httpx2.AsyncClient, counter: Counter) -> None:
    """The body is shorter than its Content-Length."""
    await plant(client, kind="truncate")
    with pytest.raises(httpx2.RemoteProtocolError):
        await client.post("/")

    assert 1 == counter.count


async def test_a_malformed_answer_is_a_success_that_is_no_json(client: httpx2.AsyncClient, counter: Counter) -> None:
    """The request is applied and answered 200 with a body that is no JSON."""
    await plant(client, kind="malformed")
    answer = await client.post("/")

    assert (200, 1) == (answer.status_code, counter.count)
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()


async def test_a_delayed_answer_comes_late_but_whole(client: httpx2.AsyncClient, counter: Counter) -> None:
    """A client with a short timeout gives up. A client that waits gets the normal answer."""
    await plant(client, kind="delay", delay_ms=60_000)
    with pytest.raises(httpx2.ReadTimeout):
        await client.post("/", timeout=0.05)
    await plant(client, kind="delay", delay_ms=10)

    assert 200 == (await client.get("/")).status_code
    assert 0 == counter.count


async def test_a_fault_hits_only_what_it_names_and_only_so_often(client: httpx2.AsyncClient) -> None:
    """Method and path must match as a whole."""
    await plant(client, kind="status", status=500, method="GET|PUT", path=r"/tasks/\d+", times=2)
    asked = [
        ("POST", "/tasks/1"),
        ("GET", "/tasks/1/form"),
        ("GET", "/tasks/1"),
        ("PUT", "/tasks/22"),
        ("GET", "/tasks/1"),
    ]

    assert [200, 200, 500, 500, 200] == [(await client.request(*each)).status_code for each in asked]


async def test_planted_faults_are_taken_back_by_delete(client: httpx2.AsyncClient) -> None:
    """DELETE removes all faults."""
    await plant(client, kind="status", times=5)
    await client.delete("/__sandbox__/faults")

    assert 200 == (await client.get("/")).status_code


@pytest.mark.parametrize(
    "fault", [{"kind": "explode"}, {"kind": "status", "path": "("}, {"kind": "status", "typo": 1}, {}]
)
async def test_a_fault_that_makes_no_sense_is_refused(client: httpx2.AsyncClient, fault: dict[str, Any]) -> None:
    """A wrong kind, expression or member answers 400."""
    answer = await client.post("/__sandbox__/faults", json=fault)

    assert 400 == answer.status_code


async def test_the_rate_limit_counts_reads_and_writes_apart(client: httpx2.AsyncClient) -> None:
    """The 429 is the vendor's own with its headers. The control interface has no limit."""
    await client.post("/__sandbox__/rate-limit", json={"limit": 2, "write_limit": 1, "window_ms": 600_000})
    answers = [await client.request(method, "/") for method in ("GET", "GET", "GET", "POST", "POST")]

    assert [200, 200, 429, 200, 429] == [answer.status_code for answer in answers]
    assert ["1", "0", "0", "0", "0"] == [answer.headers["x-remaining"] for answer in answers]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 600
    await client.post("/__sandbox__/rate-limit", json={})
    assert 200 == (await client.get("/")).status_code


def test_a_window_slides_and_refusals_take_no_place() -> None:
    """A request is admitted as soon as the oldest one has left the window."""
    from datetime import UTC, timedelta

    from sandbox.rate_limit import RateLimit
    from sandbox.stand_in import Limits

    now = start = datetime(2026, 6, 15, 9, tzinfo=UTC)
    limit = RateLimit(Limits(2, None, 10_000), lambda: now)
    waits = []
    for second in (0, 4, 5, 9, 10, 11, 14):
        now = start + timedelta(seconds=second)
        waits.append(limit.admit(write=second % 2 == 0).retry_after_s)

    assert [None, None, 5, 1, None, 3, None] == waits


async def test_settings_and_reset_reach_the_stand_in(client: httpx2.AsyncClient, counter: Counter) -> None:
    """A reset makes fresh data and clears recording, faults and effects."""
    await client.post("/")
    await client.post("/__sandbox__/settings", json={"read_lag_ms": 5, "read_cache_ms": 6})
    await client.post("/__sandbox__/reset", json={"tasks": 12})

    assert (12, 5, 6) == (counter.count, counter.settings.read_lag_ms, counter.settings.read_cache_ms)
    assert {"effects": []} == (await client.get("/__sandbox__/effects")).json()
    assert {"requests": []} == (await client.get("/__sandbox__/requests")).json()


async def test_the_control_interface_knows_its_own_paths_only(client: httpx2.AsyncClient) -> None:
    """A wrong path or method is an error, and the vendor's API does not get the request."""
    statuses = [(await client.get(f"/__sandbox__/{name}")).status_code for name in ("nothing", "reset")]

    assert [404, 405] == statuses


@pytest.fixture
def base_port(own_ports: range) -> int:
    """The first of two consecutive free ports."""
    for port in own_ports[::7]:
        with contextlib.suppress(OSError), ExitStack() as held:
            for each in (port, port + 1):
                held.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
    raise AssertionError("no two free ports in a row")


async def test_the_base_port_lists_the_stand_ins(base_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port of a stand-in is the base port plus the vendor's offset."""
    monkeypatch.setattr("sandbox.ports.PORT_OFFSETS", {"counter": 1})
    async with (
        serve([Counter()], host="127.0.0.1", base_port=base_port) as urls,
        httpx2.AsyncClient(trust_env=False, timeout=120) as client,
    ):
        listed = (await client.get(f"http://127.0.0.1:{base_port}/")).json()

        assert {"counter": f"http://127.0.0.1:{base_port + 1}"} == urls
        assert [{"vendor": "counter", "base_url": urls["counter"]}] == listed


async def test_a_taken_port_is_one_clear_line() -> None:
    """No stand-in is served then."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as raised:
            async with serve([], host="127.0.0.1", base_port=port):
                pass

    assert f"the overview of the sandbox cannot listen on 127.0.0.1:{port}: Address already in use" == str(raised.value)


async def test_the_sandbox_ends_without_waiting_for_idle_connections() -> None:
    """An idle keep-alive connection does not delay the end."""
    async with httpx2.AsyncClient(trust_env=False, timeout=120) as client:
        async with asyncio.timeout(60), serve([Counter()], host="127.0.0.1", base_port=0) as urls:
            await client.get(urls["counter"])
            url = urls["counter"]
        with pytest.raises(httpx2.ConnectError):
            await client.get(url)
