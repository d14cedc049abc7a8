"""connectors.sdk.http.upstream behind admission control: what needs a permit, how it is settled, and what is retried."""

from collections.abc import Mapping

import anyio
import httpx2
import pytest

from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http import (
    JSON_OK,
    NO_HEADERS,
    STEP,
    AdmissionControl,
    Answer,
    Credentials,
    Exchange,
    Permit,
    Token,
    TokenCredentials,
    Upstream,
    error_from_status,
)
from connectors.sdk.settings import LimitsSettings, SourceSettings
from connectors.sdk.testing import FAULTS, Fault, FaultyTransport, Reply
from gateway.federation.traffic import CallContext, RequestCost, in_context
from tests.gateway.federation.traffic.vendor import admission_control, within

UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
SETTINGS = SourceSettings(key="here", name="Here", vendor="memory", base_url="https://here.test/api")


class Ending:
    """How one request ended, as it was settled. It is also a Permit."""

    def __init__(self, is_write: bool) -> None:
        self.is_write = is_write
        self.seconds: float | None = None
        self.told: list[tuple[int | None, type[ConnectorError] | None, bool]] = []
        self.headers: Mapping[str, str] = {}

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        self.told.append((status, None if error is None else type(error), sent))
        self.headers = headers


class Recorder:
    """Admits every request and records it. `again` is the number of attempts that a read may have."""

    def __init__(self, again: int = 1) -> None:
        self.endings: list[Ending] = []
        self.again = again
        self.failed: list[str] = []

    async def admit(self, *, is_write: bool) -> Permit:
        self.endings.append(Ending(is_write))
        return self.endings[-1]

    async def wait_to_retry(self, error: ConnectorError, *, attempt: int) -> bool:
        self.failed.append(error.code)
        return attempt < self.again


def faulty(reply: Reply = Reply(200)) -> FaultyTransport:  # noqa: B008 it is frozen
    return FaultyTransport(httpx2.MockTransport(lambda request: reply.response()))


def upstream(
    transport: httpx2.AsyncBaseTransport, admission: AdmissionControl, credentials: Credentials | None = None
) -> Upstream:
    return Upstream(SETTINGS, transport=transport, admission=admission, credentials=credentials)


@pytest.mark.parametrize(("fault", "kind", "maybe_applied"), FAULTS)
async def test_each_failure_is_settled_once_and_keeps_its_error(
    fault: Fault, kind: type[ConnectorError], maybe_applied: bool
) -> None:
    """With the status, if there was one, and whether the request was sent. Connectors see the same error as without
    admission control.
    """
    transport, recorder = faulty(), Recorder()
    here = upstream(transport, recorder)
    with transport.failing(fault) as requests:
        with pytest.raises(kind) as write:
            await here.write("POST", "/x", success=JSON_OK)
        with pytest.raises(kind) as read:
            await here.read("GET", "/x")
        count = len(requests)

    unsent = fault in UNSENT
    status = fault.status if isinstance(fault, Reply) else None
    assert [[(status, kind, not unsent)]] * 2 == [ending.told for ending in recorder.endings]
    assert (2, [True, False]) == (count, [ending.is_write for ending in recorder.endings])
    assert (maybe_applied, False) == (write.value.maybe_applied, read.value.maybe_applied)


async def test_an_answer_is_settled_with_its_headers() -> None:
    """The headers contain the limits."""
    recorder = Recorder()
    here = upstream(faulty(Reply(200, {"X-RateLimit-Remaining": "7"})), recorder)
    await here.read("GET", "/x")

    assert [(200, None, True)] == recorder.endings[0].told
    assert recorder.endings[0].headers["x-ratelimit-remaining"] == "7"


async def test_an_answer_that_is_too_large_is_an_answer() -> None:
    """The vendor has counted the request and is available."""
    recorder = Recorder()
    settings = SETTINGS.model_copy(update={"max_response_bytes": STEP})
    here = Upstream(settings, transport=faulty(Reply(200, {}, b" " * (STEP + 1))), admission=recorder)
    with pytest.raises(MalformedResponseError):
        await here.read("GET", "/x")

    assert [(None, MalformedResponseError, True)] == recorder.endings[0].told


async def test_the_vendor_decides_what_an_answer_means() -> None:
    """A 503 may be a refusal of one request."""

    def parse(answer: Answer) -> ConnectorError:
        return RateLimitedError("took nothing in", native_status=answer.status)

    recorder = Recorder()
    here = Upstream(SETTINGS, transport=faulty(Reply(503)), admission=recorder, parse_error=parse)
    with pytest.raises(RateLimitedError):
        await here.write("POST", "/x", success=JSON_OK)

    assert [(503, RateLimitedError, True)] == recorder.endings[0].told


@pytest.mark.parametrize(("again", "requests"), [(1, 1), (2, 2), (3, 3)])
async def test_a_read_is_sent_as_often_as_is_allowed(again: int, requests: int) -> None:
    """Its error is the last one."""
    transport, recorder = faulty(Reply(503)), Recorder(again)
    with transport.counting() as sent, pytest.raises(UnavailableError):
        await upstream(transport, recorder).read("GET", "/x")

    assert requests == len(sent) == len(recorder.endings)
    assert ["UPSTREAM_UNAVAILABLE"] * again == recorder.failed


async def test_a_write_is_never_sent_again() -> None:
    """Admission control is not consulted about a retry."""
    transport, recorder = faulty(Reply(503)), Recorder(3)
    with transport.counting() as sent, pytest.raises(UnavailableError):
        await upstream(transport, recorder).write("POST", "/x", success=JSON_OK)

    assert (1, []) == (len(sent), recorder.failed)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 302])
async def test_a_read_with_a_clear_answer_is_not_sent_again(status: int) -> None:
    """Waiting does not change the answer."""
    transport, recorder = faulty(Reply(status)), Recorder(3)
    with transport.counting() as sent, pytest.raises(ConnectorError):
        await upstream(transport, recorder).read("GET", "/x")

    assert (1, []) == (len(sent), recorder.failed)


async def test_a_source_is_guarded_before_its_first_request() -> None:
    """Later it is an error: a request was sent without a permit."""
    recorder, here = Recorder(), Upstream(SETTINGS, transport=faulty())
    here.guard(recorder)
    await here.read("GET", "/x")

    assert [(200, None, True)] == recorder.endings[0].told
    with pytest.raises(RuntimeError, match="before the first"):
        here.guard(Recorder())


class Refusing(Recorder):
    async def admit(self, *, is_write: bool) -> Permit:
        raise RateLimitedError("the rate limit is used up")


async def test_a_request_without_a_permit_is_neither_sent_nor_counted() -> None:
    """It is in no report. A write was not applied."""
    transport, cost = faulty(), RequestCost()
    with in_context(CallContext(counters=(cost,))), transport.counting() as sent:
        with pytest.raises(RateLimitedError) as write:
            await upstream(transport, Refusing()).write("POST", "/x", success=JSON_OK)
        with pytest.raises(RateLimitedError):
            await upstream(transport, Refusing(3)).read("GET", "/x")

    assert (0, 0, False) == (len(sent), cost.requests, write.value.maybe_applied)


class Login:
    """Credentials with a token that is fetched from `address` by a POST."""

    def __init__(self, address: str) -> None:
        self.credentials = TokenCredentials(self.fetch)
        self.address = address

    async def fetch(self, source: Exchange) -> Token:
        answer = await source.exchange("POST", self.address)
        if not answer.ok:
            raise error_from_status(answer)
        return Token("t", None)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("https://here.test/login", [False, True]), ("https://issuer.test/token", [True])],
)
async def test_a_login_counts_as_a_read_of_its_own_host(address: str, expected: list[bool]) -> None:
    """Another host has other limits. The write itself counts as a write."""
    recorder = Recorder()
    await upstream(faulty(Reply.json({})), recorder, Login(address).credentials).write("POST", "/x", success=JSON_OK)

    assert expected == [ending.is_write for ending in recorder.endings]


class Hanging(httpx2.AsyncBaseTransport):
    """Answers after an hour."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await anyio.sleep(3600)
        return Reply(200).response()


async def test_a_read_ends_with_its_deadline() -> None:
    """The error is UPSTREAM_TIMEOUT. The timeouts in the settings are only for single steps of an exchange."""
    start = anyio.current_time()
    here = upstream(Hanging(), admission_control())
    with within(0.8), pytest.raises(UpstreamTimeoutError):
        await here.read("GET", "/x")

    assert 0.8 == pytest.approx(anyio.current_time() - start)


async def test_a_cancelled_exchange_gives_its_place_back() -> None:
    """It counts as sent, because it may have arrived."""
    source = admission_control(LimitsSettings(requests=5, writes=5))
    here = upstream(Hanging(), source)
    with anyio.move_on_after(1):
        await here.read("GET", "/x")

    assert (0, 4) == (source._concurrency._in_flight, source.rate_limits()[0].remaining)


async def test_an_upstream_that_cannot_be_reached_uses_no_rate_limit() -> None:
    """No request was sent. After three failures the source is unavailable and is not called."""
    transport = faulty()
    source = admission_control(LimitsSettings(requests=5, writes=5))
    here = upstream(transport, source)
    with transport.failing(httpx2.ConnectError) as requests:
        for _ in range(5):
            with pytest.raises(UnavailableError):
                await here.read("GET", "/x")
        tried = len(requests)
    await source.aclose()

    assert (3, 5) == (tried, source.rate_limits()[0].remaining)


async def test_limits_are_those_of_the_configuration_then_of_the_vendor() -> None:
    """A limit that the configuration leaves out is the vendor's."""
    chosen = LimitsSettings(writes=3).over(LimitsSettings(requests=30, writes=10, window=30))

    assert (30, 3, 30.0, 8) == (chosen.requests, chosen.writes, chosen.window, chosen.concurrency)
