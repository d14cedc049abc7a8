"""Conditions on texts of rows, compiled once for many rows: what is searched is folded once, and a row's text once."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.model import Task

R = TypeVar("R")

BREAK = "\n"
"""Stands between the folded texts of a row, which have no line breaks of their own."""


def folded(text: str) -> str:
    """The text as texts are compared: without case, accents and invisible letters; each run of white space is a space.

    White space at both ends is dropped. Compatible forms are one form: a ligature is its letters, a full-width letter
    is the plain one.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    return _kept(text) if len(text) <= LONGEST_KEPT else _decomposed(text)


def _decomposed(text: str) -> str:
    # Decomposing can bring capitals, and folding can bring composed letters: each is done again.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    kept = (
        letter for letter in decomposed if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def shown_texts(task: Task) -> Sequence[str]:
    """The texts of a row that people read: title, description, definition, business key, subjects."""
    subjects = [subject.label for subject in task.subjects or ()]
    definition = None if task.definition is None else task.definition.name or task.definition.key
    return [text for text in (task.title, task.description, definition, task.business_key, *subjects) if text]


LONGEST_KEPT = 200
"""Characters of a text whose folded form is kept. Titles and names are short, and come again with the next request."""
_kept = lru_cache(maxsize=8_192)(_decomposed)


class FoldedOnce(Generic[R]):
    """The folded texts of a row, a line each; None without texts. `parts` are the same, one by one.

    Conditions that share it fold a row's texts once: they are kept until the next row.
    """

    def __init__(self, texts_of: Callable[[R], Sequence[str]]) -> None:
        self._texts_of = texts_of
        self._row: R | None = None
        self._parts: Sequence[str] = ()
        self._text: str | None = None

    def __call__(self, row: R) -> str | None:
        self.parts(row)
        return self._text

    def parts(self, row: R) -> Sequence[str]:
        if row is not self._row:
            self._parts = [folded(text) for text in self._texts_of(row)]
            self._text = BREAK.join(self._parts) if self._parts else None
            self._row = row
        return self._parts


def part_of(needle: str, text_of: Callable[[R], str | None]) -> Callable[[R], bool]:
    """Whether the folded texts of a row have this part, which is folded too."""
    return lambda row: (text := text_of(row)) is not None and needle in text


class TextTest(Protocol):
    def __call__(self, text: str | None, plain: str | None = None) -> bool:
        """`plain` is the folded text where it is known."""


class TextMatch(Struct, frozen=True, kw_only=True):
    """Every member that is not None must hold. `contains` and `starts_with` compare folded texts, `not_in` exact ones.

    A missing text matches `is_null` and `not_in` only.
    """

    contains: str | None = None
    starts_with: str | None = None
    not_in: frozenset[str] | None = None
    is_null: bool | None = None

    def test(self) -> "TextTest":
        """Whether a text satisfies every member. Made once for many texts."""
        contains = None if self.contains is None else folded(self.contains)
        start = None if self.starts_with is None else folded(self.starts_with)
        not_in = self.not_in or frozenset()
        holds_without = contains is None and start is None and self.is_null is not False
        is_compared, holds_with = contains is not None or start is not None, self.is_null is not True

        def has_part(text: str | None, plain: str | None = None) -> bool:
            return text is not None and contains in (folded(text) if plain is None else plain)  # type: ignore[operator]

        if self == TextMatch(contains=self.contains) and contains is not None:
            return has_part

        def test(text: str | None, plain: str | None = None) -> bool:
            if text is None:
                return holds_without
            if not holds_with or text in not_in:
                return False
            if not is_compared:
                return True
            plain = folded(text) if plain is None else plain
            return (contains is None or contains in plain) and (start is None or plain.startswith(start))

        return test

    def holds(self, text: str | None) -> bool:
        """`test` of one text."""
        return self.test()(text)


class Words:
    """A search by words: each of them is a part of one of the texts, in any order."""

    def __init__(self, search: str) -> None:
        self._words = tuple(dict.fromkeys(folded(search).split()))

    def are_in(self, texts: Sequence[str]) -> bool:
        if not self._words:
            return True
        # Words have no white space, so it need not be folded, and none of them is found across two texts.
        joined = BREAK.join(texts)
        plain = joined.lower() if joined.isascii() else folded(joined)
        return all(word in plain for word in self._words)


def has_words(search: str, texts: Sequence[str]) -> bool:
    """`Words` of one row."""
    return Words(search).are_in(texts)


def always(_: object) -> bool:
    return True


def all_hold(tests: Sequence[Callable[[R], bool]]) -> Callable[[R], bool]:
    """Whether a row passes all tests; none is no condition."""
    if not tests:
        return always
    if len(tests) == 1:
        return tests[0]

    def test(row: R) -> bool:
        # A generator would double the time of a row.
        for each in tests:  # noqa: SIM110
            if not each(row):
                return False
        return True

    return test


def one_holds(tests: Sequence[Callable[[R], bool]]) -> Callable[[R], bool]:
    """Whether a row passes one of the tests at least."""
    if always in tests:
        return always
    if len(tests) == 1:
        return tests[0]

    def test(row: R) -> bool:
        for each in tests:  # noqa: SIM110 as above
            if each(row):
                return True
        return False

    return test
