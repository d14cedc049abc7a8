"""How much of a form is judged at once, and where: a large one in a thread of its own, a huge one not at all."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from connectors.sdk.model import FormFault, FormField, FormJudgement

MOST_VALUES = 20_000
"""Values under the keys of a form that are judged: those that were given together with those of the task."""

LARGE = 500
"""From here on a form is judged in a thread, so that other requests go on meanwhile."""


def values_of(fields: Sequence[FormField], *data: Mapping[str, object] | None) -> int:
    """The number of values under the keys of the form, counted up to one more than `MOST_VALUES`."""
    names = {name for field in fields for name in (field.key, field.key.partition(".")[0])}
    keys = {key for each in data if each for key in each if key in names or key.partition(".")[0] in names}
    rest: list[object] = [each[key] for each in data if each for key in keys if key in each]
    count = 0
    while rest and count <= MOST_VALUES:
        node = rest.pop()
        if isinstance(node, Mapping):
            rest.extend(node.values())
        elif isinstance(node, list | tuple):
            rest.extend(node)
        else:
            count += 1
    return count


async def judged(size: int, judge: Callable[[], FormJudgement]) -> FormJudgement:
    """The judgement of a form with so many values; one fault, without judging, if there are too many."""
    if size > MOST_VALUES:
        return too_large()
    return await asyncio.to_thread(judge) if size >= LARGE else judge()


def too_large() -> FormJudgement:
    rule = (
        f"has more than {MOST_VALUES} values in the fields of the form, together with what the task holds; the gateway "
        "does not judge so many: use the vendor's own form"
    )
    return FormJudgement(data={}, faults=(FormFault(path=(), rule=rule, label="data"),))
