"""Groups are compared without case, and with nothing else left out."""

import pytest

from connectors.sdk.caller import Identity
from connectors.sdk.model import GroupRef, Task
from connectors.sdk.names import name_key
from connectors.sdk.query import TaskQuery
from tests.gateway.federation.memory_source import task


def with_group(name: str) -> Task:
    return task("north", "1", candidate_groups=(GroupRef(native_id="7", name=name),))


@pytest.mark.parametrize("name", ["claims", "CLAIMS", "7"])
def test_a_group_is_found_by_its_name_in_any_case(name: str) -> None:
    """Or by its id."""
    group = GroupRef(native_id="7", name="Claims")

    assert Identity(native_id="a", groups=(name,)).belongs_to(group)


@pytest.mark.parametrize(("own", "named"), [("ÄNDERUNG", "änderung"), ("Łódź", "łÓDŹ"), ("ДЕЛО", "дело")])
def test_letters_of_other_languages_have_two_cases_too(own: str, named: str) -> None:
    """As in German, Polish, Russian."""
    assert name_key(own) == name_key(named)


@pytest.mark.parametrize(
    ("own", "named"),
    [("\ufb01nance", "finance"), ("claim\u017f", "claims"), ("ban\u212a", "bank"), ("Stra\u00dfe", "STRASSE")],
)
def test_a_name_that_only_folds_to_another_one_does_not_stand_for_it(own: str, named: str) -> None:
    """At some providers people may found groups, and would choose such a name: tasks of the other group stay hidden."""
    group = GroupRef(native_id="7", name=named)
    found = TaskQuery(candidate_groups=frozenset({own}))

    assert not Identity(native_id="a", groups=(own,)).belongs_to(group)
    assert not found.matches(with_group(named))
    assert found.matches(with_group(own))
