"""Opens the book of people: its directories are read in the background until it is closed."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio.lowlevel

from gateway.people.book import BookOfPeople
from gateway.people.directories import Directories
from gateway.people.entry import Person
from gateway.people.kept_people import KeptPeople, terms_of
from gateway.people.port import PeopleStore, ReadDirectory
from gateway.people.wish import SourceRules


@asynccontextmanager
async def open_book(
    people: Sequence[Person],
    rules: Mapping[str, SourceRules],
    read: ReadDirectory,
    *,
    store: PeopleStore | None = None,
    issuers: Sequence[str] = (),
    before: BookOfPeople | None = None,
    unchanged: Collection[str] = (),
) -> AsyncIterator[BookOfPeople]:
    """`people` of the configuration; `rules` of all sources. All directories are read that can be, and that are shown to people.

    `store` keeps who signed in. `issuers`: the settings of the identity providers, as texts. `before` is the book that this
    one replaces; `unchanged` are the sources whose directories it knows.
    """
    linking = {source: each for source, each in rules.items() if each.settings.has_rule}
    needed = {source: each for source, each in linking.items() if each.needs_directory}
    spare = {source: each for source, each in rules.items() if each.is_shown and source not in needed}
    directories = Directories(
        read,
        {source: each.directory_seconds for source, each in (needed | spare).items()},
        with_groups=frozenset(source for source, each in needed.items() if each.has_directory_groups),
        spare=frozenset(spare),
    )
    kept = None if store is None else KeptPeople(store, terms=terms_of(issuers, rules, people))
    book = BookOfPeople(people, rules=linking, directories=directories, kept=kept)
    if before is not None:
        book.adopt(before, unchanged)
    if kept is not None:
        for told in await kept.known():
            book.restore(told)
            await anyio.lowlevel.checkpoint()
    directories.start()
    try:
        yield book
    finally:
        await directories.aclose()
