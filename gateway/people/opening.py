"""Opens the book of people: its directories are read in the background until it is closed."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager

from gateway.people.book import BookOfPeople
from gateway.people.directories import Directories
from gateway.people.entry import Person
from gateway.people.port import ReadDirectory
from gateway.people.wish import SourceRules


@asynccontextmanager
async def open_book(
    people: Iterable[Person],
    rules: Mapping[str, SourceRules],
    read: ReadDirectory,
    *,
    before: BookOfPeople | None = None,
    unchanged: Collection[str] = (),
) -> AsyncIterator[BookOfPeople]:
    """`people` of the configuration; `rules` of all sources. Only the directories that a rule needs are read.

    `before` is the book that this one replaces; `unchanged` are the sources whose directories it knows.
    """
    linking = {source: each for source, each in rules.items() if each.settings.has_rule}
    needed = {source: each for source, each in linking.items() if each.needs_directory}
    directories = Directories(
        read,
        {source: each.directory_seconds for source, each in needed.items()},
        with_groups=frozenset(source for source, each in needed.items() if each.has_directory_groups),
    )
    book = BookOfPeople(people, rules=linking, directories=directories)
    if before is not None:
        book.adopt(before, unchanged)
    directories.start()
    try:
        yield book
    finally:
        await directories.aclose()
