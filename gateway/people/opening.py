"""Opens the book of people: its directories are read in the background until it is closed."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from gateway.people.book import BookOfPeople
from gateway.people.directories import Directories
from gateway.people.entry import Person
from gateway.people.port import ReadDirectory
from gateway.people.wish import SourceRules


@asynccontextmanager
async def open_book(
    people: Iterable[Person], rules: Mapping[str, SourceRules], read: ReadDirectory
) -> AsyncIterator[BookOfPeople]:
    """`people` of the configuration; `rules` of all sources. All directories are read that can be."""
    linking = {source: each for source, each in rules.items() if each.settings.has_rule}
    needed = {source: each for source, each in linking.items() if each.needs_directory}
    spare = {source: each for source, each in rules.items() if each.is_readable and source not in needed}
    directories = Directories(
        read,
        {source: each.directory_seconds for source, each in (needed | spare).items()},
        with_groups=frozenset(source for source, each in needed.items() if each.has_directory_groups),
        spare=frozenset(spare),
    )
    book = BookOfPeople(people, rules=linking, directories=directories)
    directories.start()
    try:
        yield book
    finally:
        await directories.aclose()
