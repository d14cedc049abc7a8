"""Compiled lists and graphql-core answer with the same bytes, errors and their paths included.

Fields beside each other are completed at the same time: in which order their errors come is not compared.
"""

from random import Random

import orjson

from connectors.sdk.caller import TASK_ADMIN, Caller, Identity
from schema.api import build_schema
from schema.compiled import CompiledExecutor, Plans
from schema.core.context import Context
from schema.core.limits import DocumentLimits
from schema.execution import BoundedIntExecutor, Execution, RequestError
from tests.effort import sized
from tests.schema.compiled.documents import Writer
from tests.schema.compiled.records import NOW, fill
from tests.schema.fake_federation import FakeFederation

SCHEMA = build_schema()
CORE = SCHEMA._schema
DOCUMENTS = sized(long=500, short=24)
ALICE = Caller(
    key="alice",
    name="Alice",
    email="alice@example.com",
    identities={"c8": Identity(native_id="alice.c8"), "geo": Identity(native_id="17")},
)
CAROL = Caller(key="carol", name="Carol", roles=frozenset({TASK_ADMIN}), identities={})


class Observed(CompiledExecutor):
    """With plans of its own, which are made at once."""

    plans = Plans(warm_up=1)


LIMITS = DocumentLimits(answer_fields=100_000, objects=10_000, detail_rows=1_000, fields=2_000, aliases=500)
ORDINARY = Execution(SCHEMA, LIMITS, executor=BoundedIntExecutor)
COMPILED = Execution(SCHEMA, LIMITS, executor=Observed)


async def answer(execution: Execution, document: str, caller: Caller, seed: int, *, is_odd: bool = False) -> bytes:
    """The answer over rows that the seed decides. Two runs: the second one takes the kept plan, with other variables."""
    federation = FakeFederation(people=[ALICE, CAROL])
    fill(federation, Random(seed), rows=6, is_odd=is_odd)
    answers = []
    for variables in ({}, {"yes": False, "no": True}, {"some": False, "action": "CANCEL"}):
        names = {name: value for name, value in variables.items() if f"${name}:" in document}
        context = Context(caller, federation, lambda: NOW)
        try:
            read = execution.read(document, None, names)
        except RequestError as error:
            raise AssertionError(f"the generated document is wrong: {error.answer.errors}\n{document}") from error
        written = (await execution.run(read, context)).written()
        if "errors" in written:
            written["errors"].sort(key=lambda error: orjson.dumps(error["path"]))
        answers.append(written)
    return orjson.dumps(answers)


async def test_generated_documents_are_answered_alike() -> None:
    before = Observed.plans.counts.compiled
    for seed in range(DOCUMENTS):
        document, caller = Writer(CORE, Random(seed)).document(), (ALICE, CAROL)[seed % 2]
        expected = await answer(ORDINARY, document, caller, seed)

        assert await answer(COMPILED, document, caller, seed) == expected, document

    assert Observed.plans.counts.compiled - before > DOCUMENTS


async def test_rows_with_errors_are_answered_alike() -> None:
    """Nulls where none may be, times without a zone: errors with their paths, and what they null."""
    with_errors = 0
    for seed in range(DOCUMENTS):
        document = Writer(CORE, Random(seed)).document()
        expected = await answer(ORDINARY, document, CAROL, seed, is_odd=True)
        with_errors += b'"errors"' in expected

        assert await answer(COMPILED, document, CAROL, seed, is_odd=True) == expected, document

    assert with_errors > DOCUMENTS / 10
