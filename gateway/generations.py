"""What each configuration made: its sources, its book of people, its sign-in. A reload makes the next one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

import anyio
import structlog

from connectors.sdk.registry import connector_types
from connectors.sdk.settings import SourceSettings
from gateway.auth import Authenticator, open_authenticator
from gateway.federation.lists import DirectoryScan
from gateway.federation.sources import LiveSources, Source
from gateway.federation.traffic import Observe
from gateway.people import PeopleStore, Person, SourceRules
from gateway.people.book import BookOfPeople
from gateway.people.live import LivePeople
from gateway.people.opening import open_book
from gateway.reloading import Present, Reloaded, ReloadError, changed_tables, reloadable
from gateway.settings import Settings
from gateway.shared import RateLimitState
from gateway.telemetry import NO_TRACING, Tracing

log = structlog.get_logger("taskgate.federation")

# Seconds for which the start waits until every source has looked at its account, and every issuer has told its keys.
FIRST_LOOK = 3.0
# A source whose other settings change may be another system: what was read of the old one is not shown any more.
SAME_SYSTEM = frozenset({"name", "limits", "cache", "deadline", "connect_timeout", "read_timeout", "people", "webhook"})

Parts = Mapping[str, AsyncExitStack]


class Generation:
    """Requests that began with it end with it. `parts` are closed once no generation has them any more."""

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[str, Source],
        people: BookOfPeople,
        authenticator: Authenticator,
        parts: Parts,
    ) -> None:
        self.settings = settings
        self.sources = sources
        self.people = people
        self.authenticator = authenticator
        self.parts = parts


class Generations:
    """The newest one, and those that requests still have. `sources` and `people` are those of what looks at them."""

    def __init__(
        self,
        *,
        rate_limits: RateLimitState,
        observe: Observe,
        tracing: Tracing = NO_TRACING,
        people_store: PeopleStore | None = None,
    ) -> None:
        """`people_store` keeps who signed in."""
        self._rate_limits = rate_limits
        self._tracing = tracing
        self._people_store = people_store
        self._observe = observe
        self._numbers: dict[str, int] = {}
        self._open: list[Generation] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._present: Present[Generation] | None = None
        # Called with each later one as soon as it is the newest.
        self.on_change: Callable[[Generation], None] = lambda _: None
        self.sources = LiveSources(lambda: self.present.get().sources)
        self.people = LivePeople(lambda: self.present.get().people)

    @property
    def present(self) -> Present[Generation]:
        if self._present is None:
            raise RuntimeError("there is no generation before `open`")
        return self._present

    async def open(self, settings: Settings) -> Generation:
        """The first one. Its sources are not looked at before `start`."""
        first = await self._made(settings, None)
        self._open.append(first)
        self._present = Present(first)
        return first

    async def start(self, generation: Generation, before: Generation | None = None) -> None:
        """A look at the accounts of its sources and the keys of its issuers, as far as these are new."""
        async with anyio.create_task_group() as group:
            for key, source in generation.sources.items():
                if before is None or before.sources.get(key) is not source:
                    group.start_soon(partial(source.start, within=FIRST_LOOK))
            if before is None or before.authenticator is not generation.authenticator:
                group.start_soon(partial(generation.authenticator.first_look, within=FIRST_LOOK))

    async def reload(self, settings: Settings) -> Reloaded:
        """Serve by these settings from now on. Requests that have begun end as they began; what no request has any more is
        closed. ReloadError if a source cannot be opened: nothing is changed then.
        """
        async with self._reloading:
            old = self.present.newest
            settings, needs_restart = reloadable(old.settings, settings)
            changed = changed_tables(old.settings, settings)
            if not changed:
                return Reloaded(needs_restart=needs_restart)
            new = await self._made(settings, old)
            try:
                await self.start(new, old)
            except BaseException:
                await _close(new, self._open)
                raise
            self._open.append(new)
            self.present.replace(new)
            self.on_change(new)
            task = asyncio.create_task(self._retire(old))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
            return Reloaded(changed=changed, needs_restart=needs_restart)

    async def retired(self) -> None:
        """Waits until only the newest one is open."""
        await asyncio.gather(*self._retiring)

    async def aclose(self) -> None:
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        while self._open:
            await _close(self._open.pop(), self._open)

    async def _retire(self, old: Generation) -> None:
        await self.present.unused(old)
        self._open.remove(old)
        await _close(old, self._open)

    async def _made(self, settings: Settings, old: Generation | None) -> Generation:
        parts: dict[str, AsyncExitStack] = {}
        try:
            sources = await self._sources(settings, old, parts)
            people = await self._book(settings, old, sources, parts)
            authenticator = await self._sign_in(settings, old, parts)
        except BaseException:
            known = () if old is None else old.parts.values()
            for stack in reversed([each for each in parts.values() if each not in known]):
                await stack.aclose()
            raise
        return Generation(settings, sources, people, authenticator, parts)

    async def _sources(
        self, settings: Settings, old: Generation | None, parts: dict[str, AsyncExitStack]
    ) -> dict[str, Source]:
        sections = {} if old is None else {section.key: section for section in old.settings.sources}
        sources: dict[str, Source] = {}
        for section in settings.sources:
            part = f"source {section.key}"
            if old is not None and sections.get(section.key) == section:
                sources[section.key], parts[part] = old.sources[section.key], old.parts[part]
                continue
            try:
                source = self._source(section, sections.get(section.key))
            except Exception as error:
                if old is None:
                    raise
                log.exception("source not opened", source=section.key)
                raise ReloadError(
                    f"source {section.key} cannot be opened: {type(error).__name__}; the log has the reason"
                ) from error
            stack = parts[part] = AsyncExitStack()
            stack.push_async_callback(source.aclose)
            sources[section.key] = source
        for source in sources.values():
            source.read_directly(is_on=settings.gateway.fast_paths.direct_reads)
        return sources

    def _source(self, section: SourceSettings, before: SourceSettings | None) -> Source:
        kind, reading = connector_types()[section.vendor], section.as_reader()
        number = self._numbers.get(section.key, -1)
        if before is None or not _is_same_system(before, section):
            number += 1
        source = Source(
            kind.open(section),
            reader=None if reading is None else kind.open(reading),
            rate_limits=self._rate_limits,
            observe=self._observe,
            tracing=self._tracing,
            number=number,
        )
        self._numbers[section.key] = number
        return source

    async def _book(
        self,
        settings: Settings,
        old: Generation | None,
        sources: Mapping[str, Source],
        parts: dict[str, AsyncExitStack],
    ) -> BookOfPeople:
        """The old one if nothing that it was made of has changed: it knows who signed in."""
        rules = {key: SourceRules.of(source.connector) for key, source in sources.items()}
        unchanged = () if old is None else [key for key in sources if old.sources.get(key) is sources[key]]
        is_same = (
            old is not None
            and list(old.sources.values()) == list(sources.values())
            and (old.settings.people, old.settings.auth) == (settings.people, settings.auth)
        )
        if old is not None and is_same:
            parts["people"] = old.parts["people"]
            return old.people
        stack = parts["people"] = AsyncExitStack()
        return await stack.enter_async_context(
            open_book(
                [Person(caller=person.caller(), subject=person.subject) for person in settings.people],
                rules,
                DirectoryScan(sources),
                store=self._people_store,
                issuers=[issuer.model_dump_json() for issuer in getattr(settings.auth, "issuers", ())],
                before=None if old is None else old.people,
                unchanged=unchanged,
            )
        )

    async def _sign_in(
        self, settings: Settings, old: Generation | None, parts: dict[str, AsyncExitStack]
    ) -> Authenticator:
        if old is not None and settings.auth == old.settings.auth:
            parts["sign-in"] = old.parts["sign-in"]
            return old.authenticator
        stack = parts["sign-in"] = AsyncExitStack()
        is_development = settings.gateway.profile == "development"
        made = await stack.enter_async_context(
            open_authenticator(settings.auth, self.people, is_development=is_development)
        )
        if old is not None:
            made.adopt(old.authenticator)
        return made


async def _close(generation: Generation, others: Sequence[Generation]) -> None:
    """What no other one has."""
    kept = {id(part) for other in others for part in other.parts.values()}
    for part in reversed(list(generation.parts.values())):
        if id(part) not in kept:
            await part.aclose()


def _is_same_system(before: SourceSettings, after: SourceSettings) -> bool:
    names = set(type(after).model_fields) - SAME_SYSTEM
    return type(before) is type(after) and all(getattr(before, name) == getattr(after, name) for name in names)
