"""The people whom a filter names."""

from collections.abc import Iterator

from schema.ports import TaskFilter


def keys_of(wanted: TaskFilter) -> Iterator[str]:
    """The keys of the people whom the filter names, with those of all that is nested in it."""
    for person in (*(wanted.assignees or ()), *(wanted.candidate_users or ())):
        if person.key is not None:
            yield person.key
    nested = () if wanted.none_of is None else (wanted.none_of,)
    for each in (*wanted.all_of, *(wanted.any_of or ()), *nested):
        yield from keys_of(each)
