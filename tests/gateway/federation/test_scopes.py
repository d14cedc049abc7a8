"""Where a source is called as the person, nothing that one person read or wrote is told to another by the gateway's memory."""

from collections.abc import Iterable, Mapping, Sequence

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError, ForbiddenError
from connectors.sdk.model import Flow, FlowRef, NativeRef, Task, TaskRef, UserRef
from connectors.sdk.query import SortKey, TaskOrderField
from connectors.sdk.settings import LinkSettings
from gateway.federation.overlay import FlowOverlay, Overlay, Reading
from gateway.federation.service import FederatedSources
from gateway.federation.sources.caller_scope import acting_on
from gateway.federation.traffic import CallContext, in_context
from schema.ports import (
    ClaimIntent,
    CompleteIntent,
    InboxScope,
    ReleaseIntent,
    TakeNextRequest,
    TaskFilter,
    TaskListRequest,
)
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import flow
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, PEOPLE, REF, perform

FLOW = FlowRef("north", "f1")
SOME_KEY = OctKey.import_key("0" * 32)


class Vendor(MemoryConnector):
    """Shows each task to those people only whom it is for, as the person's own rights would have it."""

    def __init__(self, *tasks: Task, acts_as: str) -> None:
        super().__init__("north", tasks)
        self.settings = self.settings.model_copy(update={"acts_as": acts_as})
        self.seen_by: dict[str, set[str]] = {}
        self.asking: Caller = ALICE

    def _reads(self) -> dict[str, Task]:
        hidden = (
            set() if self.settings.acts_as == "service" else set(self.held) - self.seen_by.get(self.asking.key, set())
        )
        return {key: one for key, one in super()._reads().items() if key not in hidden}


class World:
    def __init__(self, acts_as: str, *tasks: Task) -> None:
        self.vendor = Vendor(*tasks, acts_as=acts_as)
        self.sources: FederatedSources = federation(self.vendor, people=PEOPLE)

    def as_(self, caller: Caller, token: str | None = "t") -> CallContext:
        self.vendor.asking = caller
        return CallContext(caller=caller, token=token)

    async def listed(self, caller: Caller, token: str | None = "t") -> list[str]:
        with in_context(self.as_(caller, token)):
            request = TaskListRequest(scope=InboxScope.ALL_VISIBLE, first=9)
            return [edge.task.native_id for edge in (await self.sources.list_tasks(caller, request)).edges]

    async def read(self, caller: Caller, token: str | None = "t") -> Iterable[TaskRef]:
        with in_context(self.as_(caller, token)):
            return (await self.sources.get_tasks(caller, [REF])).keys()

    async def release(self, caller: Caller) -> None:
        with in_context(self.as_(caller)):
            await perform(self.sources, ReleaseIntent(), caller)


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("exchange", False), ("service", True)])
async def test_what_a_write_left_is_shown_to_no_other_person(acts_as: str, *, is_told: bool) -> None:
    """By the gateway's rules bob is a candidate of the released task. Only the vendor knows that he may not see it.

    The author sees it at once, although the vendor's reads lag.
    """
    it = World(acts_as, task("north", "1", owner="alice"))
    it.vendor.seen_by = {"alice": {"1"}}
    await it.release(ALICE)
    it.vendor.seen_by = {}

    assert (["1"], [REF]) == (await it.listed(ALICE), list(await it.read(ALICE)))
    assert (["1"] if is_told else [], [REF] if is_told else []) == (await it.listed(BOB), list(await it.read(BOB)))


@pytest.mark.parametrize(("issuer", "token"), [("https://a", "t"), ("https://b", None), (None, None)])
def test_a_source_gets_the_tokens_of_the_issuers_that_it_names(issuer: str | None, token: str | None) -> None:
    """A provider that exchanges tokens could sign in with those of another provider."""
    settings = World("exchange").vendor.settings
    settings = settings.model_copy(update={"people": LinkSettings(issuers=("https://a",))})
    caller = structs.replace(ALICE, issuer=issuer)

    authority = acting_on(settings, CallContext(caller=caller, token="t")).authority

    assert authority is not None
    assert ("alice", token) == (authority.principal, authority.token)


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
async def test_a_request_without_a_token_is_told_nothing_that_was_read_with_one(acts_as: str) -> None:
    """A machine's key that stands for alice is no credential of hers at the vendor."""
    it = World(acts_as, task("north", "1", owner="alice"), task("north", "2", owner="alice"))
    it.vendor.seen_by = {"alice": {"1", "2"}}
    before = await it.listed(ALICE)
    await it.release(ALICE)
    it.vendor.seen_by = {}

    assert (["1", "2"], []) == (sorted(before), await it.listed(ALICE, token=None))
    assert [] == list(await it.read(ALICE, token=None))


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("exchange", False), ("service", True)])
async def test_a_request_without_a_token_is_not_shown_the_task_of_a_write_with_one(
    acts_as: str, *, is_told: bool
) -> None:
    """It has the idempotency key of the write: it is told the result, and not the task."""
    it = World(acts_as, task("north", "1", owner="alice"))
    it.vendor.seen_by = {"alice": {"1"}}
    told = []
    for token in ("t", None):
        with in_context(it.as_(ALICE, token)):
            told.append(await perform(it.sources, ReleaseIntent(), ALICE, key="k"))

    first, again = told
    assert ("APPLIED", "APPLIED", True) == (first.status, again.status, again.replayed)
    assert (True, is_told) == (first.task is not None, again.task is not None)


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("service", True)])
async def test_nor_the_task_that_was_taken_with_one(acts_as: str, *, is_told: bool) -> None:
    """The key of a `takeNextTask`."""
    it = World(acts_as, task("north", "1"))
    it.vendor.seen_by = {"alice": {"1"}}
    told = []
    for token in ("t", None):
        with in_context(it.as_(ALICE, token)):
            told.append(
                await it.sources.take_next(
                    ALICE, TakeNextRequest(idempotency_key="k", order=(SortKey(TaskOrderField.CREATED_AT),))
                )
            )

    first, again = told
    assert ("APPLIED", "APPLIED", True) == (first.status, again.status, again.replayed)
    assert (True, is_told) == (first.task is not None, again.task is not None)


class Refusing(Vendor):
    """Answers 403, not 404, for a task that is there and that the person may not see."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        hidden = (set(self.held) - set(self._reads())) & set(ids)
        return {**await super().get_tasks(ids), **{each: ForbiddenError("a permission is missing") for each in hidden}}


async def test_a_vendor_that_refuses_a_task_does_not_tell_that_there_is_one() -> None:
    """Bob is told the same of a task that he may not see and of one that does not exist: by reads, lists and writes."""
    vendor = Refusing(task("north", "1", owner="alice"), acts_as="viewer")
    sources, absent = federation(vendor, people=PEOPLE), TaskRef("north", "404")
    told: list[object] = []
    vendor.asking = BOB
    for ref in (REF, absent):
        with in_context(CallContext(caller=BOB, token="t")):
            read = await sources.get_tasks(BOB, [ref])
            wanted = TaskFilter(ids=frozenset({ref}))
            request = TaskListRequest(scope=InboxScope.ALL_VISIBLE, first=9, filter=wanted)
            listed = await sources.list_tasks(BOB, request)
            written = await perform(sources, ReleaseIntent(), BOB, target=ref)
        reports = [(each.status, each.error) for each in listed.sources]
        told.append((read, listed.edges, reports, written.status, written.problems))

    assert told[0] == told[1]


async def test_whom_the_vendor_shows_the_task_sees_it_as_the_vendor_shows_it() -> None:
    """While its reads lag, that is as it was before the write."""
    it = World("viewer", task("north", "1", owner="alice"))
    it.vendor.seen_by = {"alice": {"1"}, "bob": {"1"}}
    it.vendor.lag()
    await it.release(ALICE)
    with in_context(it.as_(BOB)):
        found = (await it.sources.get_tasks(BOB, [REF])).get(REF)

    assert isinstance(found, Task)
    assert ("alice",) == tuple(owner.native_id for owner in found.assignees)


def test_a_later_write_of_another_person_ends_what_ones_own_left() -> None:
    """Nothing is decided on it: alice is not the owner any more, whatever her own claim left."""
    scope = ["alice"]
    overlay = Overlay(scope_of=lambda _: scope[0])
    flows = FlowOverlay(scope_of=lambda _: scope[0])
    free, hers, his = (task("north", "1", owner=owner) for owner in (None, "alice", "bob"))
    overlay.put(free, hers)
    flows.put(flow("north", "f1"))
    mine = (overlay.expected("north", Reading.RECORD), flows.expected(FLOW))
    scope[0] = "bob"
    overlay.put(hers, his)
    flows.put(flow("north", "f1"))
    scope[0] = "alice"

    assert ([hers], flow("north", "f1")) == mine
    assert ([], None) == (overlay.expected("north", Reading.RECORD), flows.expected(FLOW))
    assert free is overlay.seen(free, Reading.RECORD)


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("service", True)])
async def test_a_name_on_one_persons_task_is_told_to_no_other(acts_as: str, *, is_told: bool) -> None:
    """Where accounts have no directory, names are known from tasks: from those that the person saw."""
    named = structs.replace(
        task("north", "1", owner="alice"), candidate_users=(UserRef(native_id="z9", name="Zoe Ash"),)
    )
    it = World(acts_as, named)
    it.vendor.seen_by = {"alice": {"1"}}
    await it.listed(ALICE)
    told = []
    for caller in (ALICE, BOB):
        with in_context(it.as_(caller)):
            told.append(await it.sources.get_users([NativeRef("north", "z9")]))

    assert [True, is_told] == [bool(each) for each in told]


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("service", True)])
async def test_a_flow_that_one_person_started_is_not_shown_to_another(acts_as: str, *, is_told: bool) -> None:
    """While the vendor does not show it yet."""
    it = World(acts_as)
    started: Flow = flow("north", "f1")
    with in_context(it.as_(ALICE)):
        it.sources._objects.flows._overlay.put(started)
    seen = []
    for caller in (ALICE, BOB):
        with in_context(it.as_(caller)):
            seen.append(it.sources._objects.flows._overlay.expected(FLOW))

    assert [started, started if is_told else None] == seen


def token_of(scope: str) -> str:
    """An access token for that use. The vendor checks it, and not the gateway."""
    return jwt.encode({"alg": "HS256"}, {"aud": "tasks", "azp": "page", "scope": scope}, SOME_KEY, ["HS256"])


@pytest.mark.parametrize(("scope", "is_told"), [("tasks", True), ("tasks other", False)])
async def test_a_key_shows_its_task_only_to_tokens_that_may_see_it(scope: str, *, is_told: bool) -> None:
    """The vendor refuses the second token, which has another scope. It is asked, because only it knows."""
    it = World("viewer", task("north", "1", owner="alice"))
    it.vendor.seen_by = {"alice": {"1"}}
    told = []
    for each in ("tasks", scope):
        with in_context(it.as_(ALICE, token_of(each))):
            told.append(await perform(it.sources, ReleaseIntent(), ALICE, key="k"))
        it.vendor.seen_by = {}

    first, again = told
    assert ("APPLIED", "APPLIED", True) == (first.status, again.status, again.replayed)
    assert (True, is_told) == (first.task is not None, again.task is not None)


async def test_a_key_shows_no_task_to_a_machine_without_the_account_that_showed_it() -> None:
    """Carol's machine has what the configuration says of her, and not the roles and accounts of her token."""
    it = World("service", task("north", "1"))
    machine = structs.replace(CAROL, roles=frozenset(), identities={})
    told = []
    for caller in (CAROL, CAROL, machine):
        with in_context(it.as_(caller)):
            told.append(await perform(it.sources, ClaimIntent(), caller, key="k"))

    assert ["APPLIED"] * 3 == [each.status for each in told]
    assert [True, True, False] == [each.task is not None for each in told]


@pytest.mark.parametrize(("acts_as", "is_told"), [("viewer", False), ("exchange", False), ("service", True)])
async def test_an_ended_task_is_shown_as_the_write_left_it_to_no_weaker_token(acts_as: str, *, is_told: bool) -> None:
    """The vendor shows the person the task no more. A machine's key, and a token of another scope, were not given it."""
    it = World(acts_as, task("north", "1", owner="alice"))
    it.vendor.seen_by = {"alice": {"1"}}
    with in_context(it.as_(ALICE, token_of("tasks"))):
        await perform(it.sources, CompleteIntent(), ALICE)
    it.vendor.seen_by = {}
    shown = [
        (await it.listed(ALICE, token), list(await it.read(ALICE, token)))
        for token in (token_of("tasks"), token_of("other"), None)
    ]

    nothing: tuple[list[str], list[TaskRef]] = ([], [])
    everything = (["1"], [REF])
    assert [everything, *[everything if is_told else nothing] * 2] == shown
    unlinked = structs.replace(ALICE, identities={})
    assert nothing == (await it.listed(unlinked), list(await it.read(unlinked)))
