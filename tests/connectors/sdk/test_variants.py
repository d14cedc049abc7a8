"""Several variants of one command: the configuration selects one; and credentials for single calls."""

from typing import ClassVar

import httpx2
import pytest
from msgspec import structs
from pydantic import SecretStr, ValidationError

from connectors.sdk.capability import Support, handles
from connectors.sdk.clock import utc_now
from connectors.sdk.commands import Claim, Complete, Outcome, Release
from connectors.sdk.connector import Connector
from connectors.sdk.errors import AlreadyAssignedError, ConnectorError, UnsupportedActionError
from connectors.sdk.http import JSON_OK, Answer, Exchange, FixedHeaders, Token, TokenCredentials, Upstream
from connectors.sdk.model import Task, TaskState
from connectors.sdk.settings import ActsAs, BearerCredentials, SourceSettings
from connectors.sdk.testing import Reply
from tests.connectors.sdk.memory import BASE, MemoryConnector, MemorySettings


class TwoWaysSettings(MemorySettings):
    modes: ClassVar[frozenset[ActsAs]] = frozenset({"service", "viewer"})


class TwoWays(MemoryConnector):
    """Claims natively for a person and by emulation for a service account. Releases only for a service account."""

    @handles(Claim, support=Support.EMULATED, atomic=False, note="by the service", when=lambda s: True)
    async def a_weak_claim(self, command: Claim) -> Outcome:
        return Outcome(task=command.task, effect="weak")

    @handles(Claim, note="by the person", when=lambda s: s.acts_as == "viewer")
    async def claim(self, command: Claim) -> Outcome:
        return Outcome(task=command.task, effect="strong")

    @handles(Release, when=lambda s: s.acts_as == "service")
    async def release(self, command: Release) -> Outcome:
        return Outcome(task=command.task)


class OneMethod(MemoryConnector):
    """Completes with one method, which takes two calls for a service account."""

    @handles(Complete, when=lambda s: s.acts_as == "viewer")
    @handles(Complete, support=Support.EMULATED, atomic=False, when=lambda s: s.acts_as == "service")
    async def complete(self, command: Complete) -> Outcome:
        return Outcome(task=command.task, effect="completed")


def settings(acts_as: str) -> TwoWaysSettings:
    return TwoWaysSettings.model_validate(
        {
            "key": "memory",
            "name": "Memory",
            "base_url": BASE,
            "acts_as": acts_as,
            "audience": "memory" if acts_as == "viewer" else None,
            "credentials": BearerCredentials(kind="bearer", token=SecretStr("t")),
        }
    )


@pytest.fixture
def task() -> Task:
    return Task(source="memory", native_id="t1", title="t", state=TaskState.READY, rule="", fetched_at=utc_now())


@pytest.mark.parametrize(("acts_as", "effect"), [("service", "weak"), ("viewer", "strong")])
async def test_the_strongest_available_variant_is_used(task: Task, acts_as: str, effect: str) -> None:
    """The names of the methods have no effect."""
    connector = TwoWays(settings(acts_as), Upstream(settings(acts_as)))
    outcome = await connector.perform(Claim(task=task))
    support = connector.info.capabilities[Claim].support
    await connector.aclose()

    assert effect == outcome.effect
    assert {"weak": Support.EMULATED, "strong": Support.NATIVE}[effect] is support


async def test_a_command_without_an_available_variant_is_unsupported(task: Task) -> None:
    """Although the class declares one."""
    connector = TwoWays(settings("viewer"), Upstream(settings("viewer")))

    assert Release in TwoWays.declared()
    assert Release not in connector.info.capabilities
    with pytest.raises(UnsupportedActionError):
        await connector.perform(Release(task=task))
    await connector.aclose()


def test_the_strongest_variant_is_declared_and_all_are_listed() -> None:
    """The strongest is the first."""
    ways = [(how.support, how.note) for command, how in TwoWays.variants() if command is Claim]

    assert Support.NATIVE is TwoWays.declared()[Claim].support
    assert [(Support.NATIVE, "by the person"), (Support.EMULATED, "by the service")] == ways


async def test_one_method_may_have_a_capability_for_each_configuration(task: Task) -> None:
    """Both are declared, and the settings select one."""
    supports = [how.support for command, how in OneMethod.variants() if command is Complete]
    capabilities = {
        acts_as: OneMethod.info_for(settings(acts_as)).capabilities[Complete] for acts_as in ("service", "viewer")
    }
    connector = OneMethod(settings("service"), Upstream(settings("service")))
    outcome = await connector.perform(Complete(task=task))
    await connector.aclose()

    assert [Support.NATIVE, Support.EMULATED] == supports
    assert (Support.EMULATED, False) == (capabilities["service"].support, capabilities["service"].atomic)
    assert (Support.NATIVE, True) == (capabilities["viewer"].support, capabilities["viewer"].atomic)
    assert "completed" == outcome.effect


async def test_a_connector_uses_its_replaced_info(task: Task) -> None:
    """A connector around another one may remove a verb."""
    connector = TwoWays(settings("service"), Upstream(settings("service")))
    kept = {command: how for command, how in connector.info.capabilities.items() if command is not Claim}
    connector.info = structs.replace(connector.info, capabilities=kept, page_limit=7)

    assert (7, Connector.page_limit) == (connector.info.page_limit, type(connector).page_limit)
    with pytest.raises(UnsupportedActionError):
        await connector.perform(Claim(task=task))
    await connector.aclose()


@pytest.mark.parametrize(
    ("acts_as", "status", "sent", "fails"),
    [
        ("service", 200, "/api/tasks", False),
        ("service", 401, "/api/tasks", True),
        ("viewer", 200, "/api/", False),
        ("viewer", 401, "/api/", False),
        ("viewer", 503, "/api/", True),
    ],
)
async def test_a_probe_needs_no_caller(acts_as: str, status: int, sent: str, *, fails: bool) -> None:
    """With a service account it is a ping. Otherwise any answer below 500 shows that the vendor is back."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return Reply(status, body=b'{"items": [], "next": null}').response()

    connector = TwoWays(settings(acts_as), Upstream(settings(acts_as), transport=httpx2.MockTransport(answer)))
    try:
        await connector.probe()
        failed = False
    except ConnectorError:
        failed = True
    await connector.aclose()

    assert (fails, [sent]) == (failed, asked)


def test_a_source_acts_only_as_its_vendor_supports() -> None:
    """The default is `service`."""
    for acts_as in ("service", "viewer"):
        assert acts_as == settings(acts_as).acts_as
    for wrong in ("exchange", "nobody"):
        with pytest.raises(ValidationError):
            settings(wrong)
    with pytest.raises(ValidationError, match="not as viewer"):
        SourceSettings.model_validate({"key": "a", "name": "A", "vendor": "m", "base_url": BASE, "acts_as": "viewer"})


async def test_one_call_may_have_credentials_of_its_own() -> None:
    """Other calls use the credentials of the source."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return Reply.json({}).response()

    upstream = Upstream(
        settings("service"),
        credentials=FixedHeaders({"Authorization": "Bearer source"}),
        transport=httpx2.MockTransport(answer),
    )
    other = FixedHeaders({"Authorization": "Bearer other"})
    await upstream.read("GET", "/x", credentials=other)
    await upstream.write("POST", "/x", success=JSON_OK, credentials=other)
    await upstream.read("GET", "/x")
    await upstream.aclose()

    assert ["Bearer other", "Bearer other", "Bearer source"] == seen


@pytest.mark.parametrize(("said", "fetches"), [(b'{"of": "another person"}', 1), (b"", 2)])
async def test_a_401_that_is_not_about_the_token_does_not_renew_it(said: bytes, fetches: int) -> None:
    """The vendor's `parse_error` decides."""
    fetched: list[int] = []

    async def fetch(upstream: Exchange) -> Token:
        fetched.append(1)
        return Token(f"t{len(fetched)}", 300)

    def parse_error(answer: Answer) -> ConnectorError | None:
        return AlreadyAssignedError("taken") if answer.body else None

    upstream = Upstream(
        settings("service"),
        credentials=TokenCredentials(fetch),
        parse_error=parse_error,
        transport=httpx2.MockTransport(lambda request: Reply(401, {"WWW-Authenticate": "Bearer"}, said).response()),
    )
    with pytest.raises(ConnectorError) as caught:
        await upstream.write("POST", "/x", success=JSON_OK)
    await upstream.aclose()

    assert fetches == len(fetched)
    assert isinstance(caught.value, AlreadyAssignedError) is bool(said)
