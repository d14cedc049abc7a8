"""@defer and @stream: the parts of an answer, put together, are the answer without the directives."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.errors import UnavailableError
from schema.api import build_schema
from schema.compiled import CompiledExecutor, Plans
from schema.core.context import Context
from schema.execution import BoundedIntExecutor, Execution, GraphQLResponse, RequestError, ResponsePart
from tests.schema.conftest import EXECUTION
from tests.schema.fake_federation import FakeFederation, a_task


class Compiled(CompiledExecutor):
    plans = Plans(warm_up=1)


COMPILED = Execution(build_schema(), executor=Compiled)
ORDINARY = Execution(build_schema(), executor=BoundedIntExecutor)


@pytest.fixture
def tasks(federation: FakeFederation) -> FakeFederation:
    federation.add(*(a_task(str(number)) for number in range(4)))
    return federation


async def parts_of(
    document: str,
    caller: Caller,
    federation: FakeFederation,
    *,
    execution: Execution = COMPILED,
    earlier: bool = False,
    **variables: Any,
) -> list[GraphQLResponse]:
    operation = execution.read(document, None, variables)
    assert operation.is_incremental
    return [part async for part in execution.run_in_parts(operation, Context(caller, federation), earlier=earlier)]


def put_together(parts: Sequence[Mapping[str, Any]], *, by_path: bool) -> Any:
    """What a client holds in the end: by the ids of the present text, or by the paths of the earlier one."""
    data = parts[0]["data"]
    places = {each["id"]: each["path"] for part in parts for each in part.get("pending", ())}
    for part in parts[1:]:
        for each in part.get("incremental", ()):
            path = each["path"] if by_path else [*places[each["id"]], *each.get("subPath", ())]
            if "items" in each and by_path:
                *path, first = path
            held = data
            for step in path:
                held = held[step]
            if "items" in each:
                assert not by_path or first == len(held)
                held.extend(each["items"])
            else:
                _merge(held, each["data"])
    return data


def _merge(held: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(held.get(name), dict):
            _merge(held[name], value)
        else:
            held[name] = value


DOCUMENTS = [
    '{ tasks(first: 4) { nodes { id ... @defer(label: "slow") { form { __typename } description } } } }',
    "{ tasks { nodes @stream(initialCount: 1) { id title ... @defer { description } } totalCount } }",
    "{ tasks { edges { node { title } } ... @defer { totalCount sources { status } } } }",
    "{ ... @defer { tasks { nodes @stream { id ...Rest @defer } } } } fragment Rest on Task { title state }",
    "{ tasks { nodes { id ...Outer @defer } } } fragment Outer on Task { title ... @defer { state description } }",
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("by_path", [False, True], ids=["by id", "by path"])
async def test_the_parts_give_the_whole(document: str, by_path: bool, alice: Caller, tasks: FakeFederation) -> None:
    plain = document.replace('@defer(label: "slow")', "").replace("@stream(initialCount: 1)", "")
    plain = plain.replace("@defer", "").replace("@stream", "")
    whole = await ORDINARY.run(ORDINARY.read(plain), Context(alice, tasks))
    assert whole.data is not None
    for _ in range(2):
        # The second time beside compiled rows.
        parts = await parts_of(document, alice, tasks)
        written = [part.written() for part in parts]

        assert [part["hasNext"] for part in written] == [True] * (len(parts) - 1) + [False]
        promised = [each["id"] for part in written for each in part.get("pending", ())]
        kept = [each["id"] for part in written for each in part.get("completed", ())]
        assert sorted(promised) == sorted(kept)
        assert put_together(written, by_path=by_path) == whole.data


@pytest.mark.parametrize(
    ("document", "lists"),
    [
        ("{ tasks { nodes { id title } ... @defer { totalCount } } }", 1),
        ("{ ... @defer { tasks { nodes { id title } } } }", 1),
        ("{ ... @defer { tasks { nodes { id } edges { node { title } } } } }", 2),
        ("{ tasks { nodes { id } ... @defer { nodes { title } } } }", 0),
        ("{ tasks { nodes { id ... @defer { title } } } }", 0),
        ("{ tasks { nodes @stream { id } } }", 0),
    ],
)
async def test_rows_beside_the_directives_are_compiled(
    document: str, lists: int, alice: Caller, tasks: FakeFederation
) -> None:
    before = Compiled.plans.counts.compiled

    compiled, ordinary = [await parts_of(document, alice, tasks, execution=each) for each in (COMPILED, ORDINARY)]

    assert Compiled.plans.counts.compiled == before + lists
    assert [part.written() for part in compiled] == [part.written() for part in ordinary]


@pytest.mark.parametrize("execution", [COMPILED, ORDINARY], ids=["compiled", "ordinary"])
async def test_what_fails_later_is_told_with_its_place_and_the_error_as_clients_may_see_it(
    execution: Execution, alice: Caller, tasks: FakeFederation
) -> None:
    tasks.details = {task.ref: UnavailableError("secret words").at("c8", "read") for task in tasks.tasks.values()}  # type: ignore[union-attr]
    document = '{ tasks(first: 1) { nodes { id ... @defer(label: "form") { form { __typename } } } } }'

    parts = await parts_of(document, alice, tasks, execution=execution)

    errors = parts[-1].errors
    assert errors
    assert {error["extensions"]["code"] for error in errors} == {"UPSTREAM_UNAVAILABLE"}
    assert all(error["path"][:3] == ["tasks", "nodes", 0] for error in errors)


async def test_a_failed_fragment_is_told_to_earlier_clients_as_null(alice: Caller, tasks: FakeFederation) -> None:
    """`operation` is null without an error; a field that may not be null fails its fragment whole."""
    tasks.broken = RuntimeError("a bug")
    document = '{ __typename ... @defer(label: "list") { tasks { nodes { id } } } }'

    present = [part.written() for part in await parts_of(document, alice, tasks)]
    earlier = [part.written() for part in await parts_of(document, alice, tasks, earlier=True)]

    (failed,) = present[-1]["completed"]
    assert (failed["errors"][0]["message"], failed["errors"][0]["extensions"]["code"]) == ("internal error", "INTERNAL")
    assert "incremental" not in present[-1]
    assert earlier[-1]["incremental"] == [{"data": None, "errors": failed["errors"], "path": [], "label": "list"}]


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ tasks { nodes { id } } }", {}, False),
        ("{ tasks { ... @defer(if: false) { totalCount } } }", {}, False),
        ("query($on: Boolean!) { tasks { ... @defer(if: $on) { totalCount } } }", {"on": False}, False),
        ("query($on: Boolean!) { tasks { ... @defer(if: $on) { totalCount } } }", {"on": True}, True),
        ("query($on: Boolean = false) { tasks { ... @defer(if: $on) { totalCount } } }", {}, False),
        ("{ tasks { nodes @ stream { id } } }", {}, True),
        (
            "query A { ...F } query B { __typename } fragment F on Query { tasks { ...G @defer } } fragment G on TaskConnection { totalCount }",
            {},
            True,
        ),
        (
            "query B { __typename } query A { ...F } fragment F on Query { tasks { ...G @defer } } fragment G on TaskConnection { totalCount }",
            {},
            False,
        ),
        ('{ stream: __type(name: "defer") { name } }', {}, False),
    ],
)
def test_an_operation_whose_answer_comes_in_parts_is_known_before_it_runs(
    document: str, variables: dict[str, Any], expected: bool
) -> None:
    name = (
        None if document.startswith("{") else document.split()[1].partition("(")[0] if "query A" in document else None
    )
    assert EXECUTION.read(document, name, variables).is_incremental is expected


@pytest.mark.parametrize(
    "document",
    [
        "subscription { taskChanged(ids: []) { ... @defer { kind } } }",
        "mutation { ... @defer { operationRetry: __typename } }",
        "{ tasks { totalCount @stream } }",
        '{ tasks { ... @defer(label: "a") { totalCount } ... @defer(label: "a") { totalAccuracy } } }',
    ],
)
def test_directives_where_they_may_not_stand_are_refused(document: str) -> None:
    with pytest.raises(RequestError) as refused:
        EXECUTION.read(document, is_streamed=True)
    assert refused.value.answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_with_the_switch_off_the_directives_are_unknown(alice: Caller, federation: FakeFederation) -> None:
    execution = Execution(build_schema(), incremental=False)
    with pytest.raises(RequestError) as refused:
        execution.read("{ tasks { ... @defer { totalCount } } }")
    assert "Unknown directive '@defer'" in refused.value.answer.errors[0]["message"]
    names = "{ __schema { directives { name } } }"
    for each, expected in ((execution, False), (EXECUTION, True)):
        answer = await each.run(each.read(names), Context(alice, federation))
        assert answer.data is not None
        told = {directive["name"] for directive in answer.data["__schema"]["directives"]}
        assert ({"defer", "stream"} <= told) is expected


async def test_a_reader_that_leaves_ends_what_was_left(alice: Caller, tasks: FakeFederation) -> None:
    operation = COMPILED.read("{ tasks { nodes @stream { id ... @defer { description } } } }")
    parts = COMPILED.run_in_parts(operation, Context(alice, tasks))

    assert isinstance(await anext(parts), ResponsePart)
    await parts.aclose()

    assert [each async for each in _rest(parts)] == []


async def _rest(parts: AsyncIterator[GraphQLResponse]) -> AsyncIterator[GraphQLResponse]:
    async for part in parts:
        yield part
