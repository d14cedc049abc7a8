"""A cluster that is called with the token of the person: their own, or one in exchange for it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, Claim, Complete, StartFlow, TaskAction
from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ForbiddenError,
    IdentityNotLinkedError,
    UnauthenticatedError,
)
from connectors.sdk.http import Authority, UpstreamCall, in_call
from connectors.sdk.model import DetailAspect, Task, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import FaultyTransport
from sandbox.camunda.auth import AUDIENCE, CLIENT_ID, TOKEN_PATH
from sandbox.camunda.stand_in import CamundaStandIn

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
MODES: dict[str, dict[str, Any]] = {
    "viewer": {"acts_as": "viewer", "audience": AUDIENCE, "credentials": {"kind": "none"}},
    "exchange": {"acts_as": "exchange"},
}
READER = {
    "kind": "oauth",
    "token_url": f"https://camunda.test{TOKEN_PATH}",
    "client_id": CLIENT_ID,
    "client_secret": "taskgate-secret",
}


class Cluster:
    """A cluster of server 8.9.17, where a user claims for itself only, and connectors to it."""

    def __init__(self, stand_in: CamundaStandIn) -> None:
        stand_in.reset(tasks=120, seed=7, now=NOW, scenario="8.9.17+oidc")
        self.stand_in = stand_in
        self.transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
        self.opened: list[CamundaConnector] = []

    def settings(self, mode: str, **more: Any) -> CamundaSettings:
        return CamundaSettings.model_validate(
            self.stand_in.source_config("https://camunda.test") | MODES.get(mode, {}) | more
        )

    def open(self, mode: str, **more: Any) -> CamundaConnector:
        self.opened.append(
            CamundaConnector.open(self.settings(mode, **more), transport=self.transport, clock=lambda: NOW)
        )
        return self.opened[-1]

    @contextmanager
    def as_person(self, person: str, token: str | None = None, native_id: str | None = None) -> Iterator[Identity]:
        """The token of the sign-in is for the cluster and for our client."""
        known = self.stand_in.identities()[person]
        who = Identity(native_id=native_id or known["id"], groups=tuple(known["groups"]))
        token = token or self.stand_in.token(person, AUDIENCE, CLIENT_ID)
        with in_call(UpstreamCall(authority=Authority(principal=person, identity=who, token=token))):
            yield who

    async def ready(self, connector: CamundaConnector) -> list[Task]:
        page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.READY})), limit=100)
        return [task for task in page.items if task.pending_transition is None]

    def effects(self) -> list[tuple[str, str | None]]:
        return [(each.action, each.actor) for each in self.stand_in.effects.all()]


@pytest.fixture
async def cluster(stand_in: CamundaStandIn) -> AsyncIterator[Cluster]:
    made = Cluster(stand_in)
    yield made
    for each in made.opened:
        await each.aclose()


@pytest.mark.parametrize("mode", MODES)
async def test_a_claim_is_the_persons_own(cluster: Cluster, mode: str) -> None:
    """The engine's CLAIM, which such a server refuses to any other user."""
    connector = cluster.open(mode)
    with cluster.as_person("alice") as alice:
        task = (await cluster.ready(connector))[0]
        await connector.perform(Claim(task=task, actor=alice))
        with pytest.raises(AlreadyAssignedError), cluster.as_person("bob") as bob:
            await connector.perform(Claim(task=task, actor=bob))

    assert [("claim", "alice")] == cluster.effects()


@pytest.mark.parametrize("mode", MODES)
async def test_a_person_assigns_to_another(cluster: Cluster, mode: str) -> None:
    """By a read and an assignment. An assignment to oneself is a claim: such a server takes those."""
    connector = cluster.open(mode)
    with cluster.as_person("alice") as alice:
        first, second, *_ = await cluster.ready(connector)
        await connector.perform(Assign(task=first, actor=alice, user_id="bob"))
        with pytest.raises(AlreadyAssignedError):
            await connector.perform(Assign(task=first, actor=alice, user_id="carol"))
        await connector.perform(Assign(task=second, actor=alice, user_id="alice"))

    assert [("assign", "alice"), ("claim", "alice")] == cluster.effects()


@pytest.mark.parametrize("mode", MODES)
async def test_the_cluster_decides_what_a_person_sees(cluster: Cluster, mode: str) -> None:
    """One connector serves all of them, each with their own rights: alice is in accounting, carol may do everything."""
    connector = cluster.open(mode)
    seen = []
    for person in ("alice", "carol", "alice"):
        with cluster.as_person(person):
            seen.append({task.native_id for task in (await connector.list_tasks(TaskQuery(), limit=200)).items})

    assert seen[0] == seen[2]
    assert seen[0] < seen[1]


async def test_what_a_person_may_not_do_is_told_as_theirs(cluster: Cluster) -> None:
    """There is no service account that could lack a right."""
    connector = cluster.open("viewer")
    with cluster.as_person("carol"):
        tasks = await cluster.ready(connector)
    with cluster.as_person("alice") as alice:
        seen = {task.native_id for task in await cluster.ready(connector)}
        hidden = next(task for task in tasks if task.native_id not in seen)
        with pytest.raises(ForbiddenError):
            await connector.perform(Complete(task=hidden, actor=alice))
        read = (await connector.get_tasks([hidden.native_id]))[hidden.native_id]

    assert isinstance(read, ForbiddenError)
    assert [] == cluster.effects()


async def test_a_link_to_another_name_is_told(cluster: Cluster) -> None:
    """The gateway claims for the linked name, the cluster takes the name from the token."""
    connector = cluster.open("viewer")
    with cluster.as_person("alice", native_id="alice.moreno") as alice:
        task = (await cluster.ready(connector))[0]
        with pytest.raises(ForbiddenError, match="by another name"):
            await connector.perform(Claim(task=task, actor=alice))

    assert [] == cluster.effects()


@pytest.mark.parametrize("mode", MODES)
async def test_without_a_token_for_the_cluster_nothing_is_called(cluster: Cluster, mode: str) -> None:
    """A token of the gateway alone, and no person at all."""
    connector = cluster.open(mode)
    with cluster.transport.counting() as requests:
        if mode == "viewer":
            refusal = pytest.raises(UnauthenticatedError, match="not for this system, its aud lacks 'zeebe")
            with cluster.as_person("alice", cluster.stand_in.token("alice", "taskgate-only")), refusal:
                await connector.list_tasks(TaskQuery(), limit=5)
        with pytest.raises(IdentityNotLinkedError):
            await connector.list_tasks(TaskQuery(), limit=5)

    assert [] == requests


async def test_an_exchange_that_the_provider_refuses_is_told(cluster: Cluster) -> None:
    """The client of the sign-in must name ours in the audience of its tokens."""
    connector = cluster.open("exchange")
    refusal = pytest.raises(UnauthenticatedError, match="client_id in their audience")
    with cluster.as_person("alice", cluster.stand_in.token("alice", AUDIENCE)), refusal:
        await connector.list_tasks(TaskQuery(), limit=5)


async def test_a_token_that_the_cluster_refuses_is_the_sign_ins(cluster: Cluster) -> None:
    """The person is told, not sent to the source's credentials."""
    connector = cluster.open("viewer")
    foreign = CamundaStandIn(clock=lambda: NOW).token("alice")
    with cluster.as_person("alice", foreign), pytest.raises(UnauthenticatedError, match="token of your sign-in"):
        await connector.list_tasks(TaskQuery(), limit=5)


async def test_a_token_is_exchanged_once_for_each_person(cluster: Cluster) -> None:
    """Requests at the cluster carry the exchanged one."""
    connector = cluster.open("exchange")
    with cluster.transport.counting() as requests:
        for person in ("alice", "bob", "alice"):
            with cluster.as_person(person, token := cluster.stand_in.token(person, CLIENT_ID)):
                for _ in range(2):
                    await connector.list_tasks(TaskQuery(), limit=5)
    exchanges = [request for request in requests if request.url.path == TOKEN_PATH]

    # Alice came back with another token of the sign-in.
    assert 3 == len(exchanges)
    assert 9 == len(requests)
    assert token not in {request.headers.get("authorization", "").removeprefix("Bearer ") for request in requests}


async def test_a_start_form_that_one_person_read_is_kept_for_no_other(cluster: Cluster) -> None:
    """What is kept of a version answers the person again for whom it was read."""
    connector = cluster.open("viewer")
    start = StartFlow(definition_key="invoice", version="3", data={"amount": 12})
    with cluster.as_person("carol"):
        first = await connector.start_form(start)
    with cluster.as_person("carol"), cluster.transport.counting() as again:
        assert first == await connector.start_form(start)
    # Bob may read this process, so he gets the same; he is asked about for himself.
    with cluster.as_person("bob"), cluster.transport.counting() as of_bob:
        await connector.start_form(start)

    assert len(again) < len(of_bob)


async def test_the_account_is_nobody(cluster: Cluster) -> None:
    """Neither what exchanges tokens nor the person stands for the source. The history shows the person."""
    for mode in MODES:
        connector = cluster.open(mode)
        with cluster.transport.counting() as requests:
            assert (None, "") == (await connector.own_account(), await connector.look_at_account())
        assert [] == requests
    with cluster.as_person("alice") as alice:
        connector = cluster.open("viewer")
        own = await connector.extras.get_self()
        task = (await cluster.ready(connector))[0]
        await connector.perform(Claim(task=task, actor=alice))
        detail = await connector.get_detail(task, frozenset({DetailAspect.ACTIVITIES}))

    assert own is not None
    assert "alice" == own.native_id
    assert "alice" in {entry.actor.native_id for entry in detail.activities or () if entry.actor is not None}


@pytest.mark.parametrize("mode", MODES)
async def test_without_a_person_only_the_status_is_asked_for(cluster: Cluster, mode: str) -> None:
    """By `check` and by the health probe. With a person their token is tried."""
    connector = cluster.open(mode)
    with cluster.transport.counting() as requests:
        await connector.ping()
        await connector.probe()
    with cluster.as_person("alice"), cluster.transport.counting() as of_person:
        await connector.ping()

    assert ["/v2/status", "/v2/"] == [request.url.path for request in requests]
    assert {"authorization"} & {name for request in requests for name in request.headers} == set()
    assert "/v2/topology" in [request.url.path for request in of_person]


async def test_the_reader_is_a_service_account_of_the_same_cluster(cluster: Cluster) -> None:
    """It reads everything, without a person."""
    settings = cluster.settings("viewer", reader=READER)
    reading = settings.as_reader()
    assert reading is not None
    reader = CamundaConnector.open(reading, transport=cluster.transport, clock=lambda: NOW)
    cluster.opened.append(reader)
    await reader.ping()
    with cluster.as_person("carol"):
        everything = {
            task.native_id for task in (await cluster.open("viewer").list_tasks(TaskQuery(), limit=200)).items
        }

    assert everything == {task.native_id for task in (await reader.list_tasks(TaskQuery(), limit=200)).items}
    assert ("service", None, None) == (reading.acts_as, reading.audience, reading.reader)
    assert cluster.settings("viewer").as_reader() is None


OAUTH = {"kind": "oauth", "token_url": "https://login.test/token", "client_id": "c", "client_secret": "s"}
BASIC = {"kind": "basic", "username": "u", "password": "p"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"acts_as": "viewer"}, "needs audience"),
        ({"acts_as": "viewer", "audience": "a", "credentials": OAUTH}, "takes no credentials"),
        ({"acts_as": "viewer", "audience": ""}, "at least 1 character"),
        ({"acts_as": "exchange"}, "of kind oauth"),
        ({"acts_as": "exchange", "credentials": BASIC}, "of kind oauth"),
        ({"acts_as": "exchange", "credentials": OAUTH, "audience": "a"}, "credentials.audience"),
        ({"audience": "a"}, "audience is for acts_as viewer"),
        ({"reader": OAUTH}, "reader is for acts_as viewer and exchange"),
        ({"acts_as": "viewer", "audience": "a", "reader": {"kind": "none"}}, "does not match any of the expected tags"),
        (
            {"acts_as": "viewer", "audience": "a", "reader": {"kind": "headers", "headers": {"X": "y"}}},
            "reader: Input tag 'headers'",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], said: str) -> None:
    """When the configuration is read, each with what is missing. No secret is repeated."""
    with pytest.raises(ValidationError, match=said):
        CamundaSettings.model_validate({"key": "c", "name": "C", "base_url": "https://c.test", **changes})


async def test_what_can_be_done_is_the_same_in_every_mode(cluster: Cluster) -> None:
    """The cluster has no operations that only an account may use: a person's own rights decide."""
    of_service, *others = (
        CamundaConnector.info_for(cluster.settings(mode)).capabilities for mode in ("service", *MODES)
    )

    assert [of_service, of_service] == others


async def test_no_claim_is_refused_in_advance(cluster: Cluster) -> None:
    """The rule about users that claim for others is about a service account."""
    connector = cluster.open("viewer")
    task = Task(
        native_id="1", source="camunda", title="t", state=TaskState.READY, rule="c8.created.unassigned", fetched_at=NOW
    )

    assert connector.refusal_of(task, TaskAction.CLAIM, Identity(native_id="alice")) is None


async def test_without_an_account_the_gateway_reads_no_directory(cluster: Cluster) -> None:
    """Rules of links that need one are refused when the configuration is read. User names are ids in any case."""
    alone, with_reader, as_account = (
        CamundaConnector.info_for(cluster.settings(mode, **more)).directory
        for mode, more in (("viewer", {}), ("viewer", {"reader": READER}), ("service", {}))
    )

    assert {DirectoryFact.NAMES_AS_IDS} == alone
    assert frozenset(DirectoryFact) == with_reader == as_account
