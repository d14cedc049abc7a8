"""What one person may ask for in a minute, on a clock of the test."""

from functools import partial

import pytest

from gateway.http import CallerBudgets
from gateway.http.request import RefusedError
from gateway.settings import CallersSettings
from tests.gateway.conftest import OpenClient

LIMITED = "[gateway]\n[gateway.callers]\nrequests = 3\ncost = 100\n"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def budgets(clock: Clock, *, most_people: int = 10, **limits: int) -> CallerBudgets:
    return CallerBudgets(CallersSettings(**limits), most_people=most_people, monotonic=clock)


def refused(take: object, *arguments: object) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        take(*arguments)  # type: ignore[operator]
    return raised.value


def test_a_person_sends_as_many_requests_as_allowed() -> None:
    """At once; then one each time the bucket has filled up by one."""
    clock = Clock()
    it = budgets(clock, requests=6)
    for _ in range(6):
        it.take_request("alice")
    error = refused(it.take_request, "alice")

    assert (429, "CALLER_LIMITED", {"Retry-After": "10"}) == (error.status, error.code, error.headers)
    clock.now += 9.9
    assert {"Retry-After": "1"} == refused(it.take_request, "alice").headers
    clock.now += 0.1
    it.take_request("alice")
    assert {"requests": 0} == it.remaining("alice")


def test_a_minute_never_serves_more_than_the_limit_twice() -> None:
    """A full bucket and what flows in: the bound of a token bucket."""
    clock = Clock()
    it = budgets(clock, requests=10)
    served = 0
    for _ in range(600):
        try:
            it.take_request("alice")
        except RefusedError:
            pass
        else:
            served += 1
        clock.now += 0.1

    assert 19 <= served <= 20


def test_another_person_is_not_limited() -> None:
    """Each has a budget of their own."""
    it = budgets(Clock(), requests=1)
    it.take_request("alice")
    it.take_request("bob")

    refused(it.take_request, "alice")
    assert {"requests": 0} == it.remaining("bob")
    assert {"requests": 1} == it.remaining("carol")


def test_a_refused_operation_costs_nothing() -> None:
    """A smaller one still fits."""
    it = budgets(Clock(), cost=100)
    it.take_cost("alice", 70)
    error = refused(it.take_cost, "alice", 50)

    assert {"Retry-After": "12"} == error.headers
    assert {"cost": 30} == it.remaining("alice")
    it.take_cost("alice", 30)


def test_an_operation_beyond_every_budget_is_served_on_credit() -> None:
    """Once the budget is whole; the debt is paid before anything else is served."""
    clock = Clock()
    it = budgets(clock, cost=60)
    it.take_cost("alice", 180)

    assert {"cost": 0} == it.remaining("alice")
    clock.now += 119.0
    refused(it.take_cost, "alice", 1)
    clock.now += 2.0
    it.take_cost("alice", 1)


def test_each_operation_costs_something() -> None:
    """Also one without lists."""
    it = budgets(Clock(), cost=1)
    it.take_cost("alice", 0)

    refused(it.take_cost, "alice", 0)


def test_the_memory_is_bounded() -> None:
    """The person who asked longest ago begins anew."""
    it = budgets(Clock(), requests=1, most_people=2)
    for person in ("alice", "bob", "carol"):
        it.take_request(person)

    assert 2 == len(it._people)
    it.take_request("alice")
    refused(it.take_request, "carol")


def test_without_limits_nothing_is_counted() -> None:
    """And nothing is told or kept."""
    it = budgets(Clock())
    for number in range(100):
        it.take_request(f"p{number}")
        it.take_cost(f"p{number}", 10**9)

    assert it.remaining("p1") is None
    assert not it._people


def test_a_clock_that_goes_back_fills_nothing() -> None:
    """Nor does it take anything away."""
    clock = Clock()
    it = budgets(clock, requests=2)
    it.take_request("alice")
    clock.now -= 500.0

    assert {"requests": 1} == it.remaining("alice")


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the gateway's budgets stands still."""
    monkeypatch.setattr("gateway.app.CallerBudgets", partial(CallerBudgets, monotonic=Clock()))


@pytest.mark.usefixtures("still")
async def test_a_limited_caller_is_told_how_long(open_client: OpenClient) -> None:
    """429 as a GraphQL response; another person, and health, are served."""
    query = {"query": "{ __typename }"}
    async with open_client(gateway=LIMITED) as client:
        answers = [await client.post("/graphql", json=query) for _ in range(4)]
        other = await client.post("/graphql", json=query, headers={"Authorization": "Bearer bob"})
        health = await client.get("/livez")

    assert [200, 200, 200, 429] == [answer.status_code for answer in answers]
    left = [answer.json()["extensions"]["taskgate"]["callerRemaining"] for answer in answers]
    assert [2, 1, 0, 0] == [each["requests"] for each in left]
    assert [99, 98, 97, 97] == [each["cost"] for each in left]
    last = answers[-1].json()
    assert "data" not in last
    assert "CALLER_LIMITED" == last["errors"][0]["extensions"]["code"]
    assert "20" == answers[-1].headers["Retry-After"]
    assert (200, 200) == (other.status_code, health.status_code)


@pytest.mark.usefixtures("still")
async def test_rows_cost_as_many(open_client: OpenClient) -> None:
    """A page of 60 fits once in 100. A document that is refused costs a request and no rows."""
    page = {"query": "query ($n: Int!) { tasks(first: $n) { nodes { id } } }", "variables": {"n": 60}}
    async with open_client(gateway=LIMITED) as client:
        first = await client.post("/graphql", json=page)
        second = await client.post("/graphql", json=page)
        wrong = await client.post("/graphql", json={"query": "{ nothing }"})

    assert (200, 429, 200) == (first.status_code, second.status_code, wrong.status_code)
    assert {"requests": 1, "cost": 40} == second.json()["extensions"]["taskgate"]["callerRemaining"]
    assert "taskgate" not in wrong.json()["extensions"]


async def test_without_a_limit_nothing_is_told(open_client: OpenClient) -> None:
    """`callerRemaining` is there only where there is a limit."""
    async with open_client() as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"})

    assert "callerRemaining" not in answer.json()["extensions"]["taskgate"]
