"""Finding people and accounts by words."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.row_test import folded, has_words
from gateway.people import name_index
from gateway.people.name_index import NameIndex

texts = st.lists(st.text("aÅe B\n\u00df", max_size=6), max_size=3)


@given(st.lists(st.tuples(st.sampled_from("123"), texts), max_size=6), st.text("aÅe B\n\u00df", max_size=4))
def test_a_search_finds_what_has_its_words_in_the_order_of_names(
    puts: Sequence[tuple[str, Sequence[str]]], search: str
) -> None:
    """As lists that are not indexed do. The last texts of a key count."""
    index, kept = NameIndex(), dict[str, Sequence[str]]()
    for key, each in puts:
        index.put(key, each)
        kept[key] = each
    index.remove("absent")

    expected = [
        (folded(each[0]) if each and folded(each[0]) else name_index.LAST_NAME, key)
        for key, each in kept.items()
        if has_words(search, each)
    ]
    assert [key for _, key in sorted(expected)] == list(index.find(search))
    for key in kept:
        index.remove(key)
    assert (0, []) == (len(index), list(index.find(None)))


@pytest.mark.slow
def test_a_search_of_50_000_people_folds_its_own_words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text was folded once, when it was added. `benchmarks/people.py` measures the time."""
    index = NameIndex()
    index.extend([(str(number), [f"Person {number:05}"]) for number in range(50_000)])
    index.sort()
    counted: list[str] = []

    def counting(text: str) -> str:
        counted.append(text)
        return folded(text)

    monkeypatch.setattr(name_index, "folded", counting)

    assert ["4711", "14711"] == list(index.find("4711 person"))[:2]
    assert ["4711 person"] == counted
