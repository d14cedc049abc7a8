"""Reads that take several calls: lists over several lists of the bridge, and a record that tells little of itself."""

import anyio
from msgspec import Raw
from msgspec.structs import replace

from connectors.littlehorse import wire
from connectors.littlehorse.client import Listing, LittlehorseClient, Side
from connectors.littlehorse.directory import Directory
from connectors.littlehorse.listing import Shelf, Stream, cursor_of, statuses_of, streams_of, window_of
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.littlehorse.task_id import TaskId
from connectors.sdk import (
    AlreadyAssignedError,
    BrokenError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    TaskQuery,
    UnavailableError,
    UnsupportedActionError,
    current_call,
)

# Upstream lists that are asked at once for one page, and the rows that one of them gives at most: for each row the
# bridge makes up to three calls of its own.
AT_ONCE = 8
MOST_ROWS = 100

# So many of the four statuses are asked for all at once; the fourth is left out here.
MANY = 3

Rows = list[tuple[wire.TaskRow, Raw]]


class Reading:
    """`admin` is None where there is no admin account; acting as a service, `user` is the account too."""

    def __init__(
        self,
        client: LittlehorseClient,
        settings: LittlehorseSettings,
        directory: Directory,
        *,
        user: Side,
        admin: Side | None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._directory = directory
        self._user = user
        self._admin = admin

    async def page(self, query: TaskQuery, *, limit: int, after: str | None) -> tuple[Rows, str | None]:
        """At most `limit` rows, not yet filtered by `query`, and the cursor: where each upstream list stands."""
        window = window_of(query)
        if window is None:
            return [], None
        streams = await self._streams(query) if after is None else streams_of(after)
        wave = streams[: max(1, min(AT_ONCE, limit))]
        if not wave:
            return [], None
        share = min(MOST_ROWS, max(1, limit // len(wave)))
        listings: dict[int, Listing] = {}
        failures: list[ConnectorError] = []

        async def ask(number: int, stream: Stream) -> None:
            try:
                listings[number] = await self._list(stream, window, share)
            except ConnectorError as error:
                failures.append(error)

        async with anyio.create_task_group() as group:
            for number, stream in enumerate(wave):
                group.start_soon(ask, number, stream)
        if failures:
            raise failures[0]
        rows = [row for number in range(len(wave)) for row in listings[number].rows]
        # Whatever the bridge makes of `limit`, a page is never longer than was asked for.
        if len(rows) > share * len(wave):
            raise MalformedResponseError("a page has more rows than its limit")
        going_on = [
            replace(stream, bookmark=listings[number].bookmark)
            for number, stream in enumerate(wave)
            if listings[number].bookmark is not None
        ]
        return rows, cursor_of(going_on + streams[len(wave) :])

    async def record(self, native_id: str) -> tuple[wire.TaskRecord, Raw]:
        """The detail by the token that lists are read with, on the other side too where one side refuses.

        An unknown id is a 500 without a word, as is a fault of the bridge: then `/init` tells whether it works. The
        admin's detail fails likewise for events that the bridge does not know; the person's shows no one else's task.
        NotFoundError for what is not there, and for what the person may not see.
        """
        task = TaskId.parse(native_id)
        hidden = failed = False
        for side in self._sides:
            try:
                return await self._client.get_task(side, task)
            except AlreadyAssignedError:
                hidden = True
            except ForbiddenError:
                # A person without the admin role; the account is known to have it.
                if not hidden:
                    raise
            except UnavailableError as error:
                if error.native_status != 500:
                    raise
                failed = True
                if not side.is_admin:
                    break
        if failed:
            await self._client.check_connection(self._user)
            if hidden:
                raise UnsupportedActionError(
                    "this version of the bridge cannot show the history of the task by its id; lists do show the task"
                )
        raise NotFoundError("no such task, or it is somebody else's")

    async def history(self, native_id: str) -> tuple[wire.Event, ...] | None:
        """The events of a task that was read already; None without an admin account, or where the bridge fails at it."""
        if self._admin is None:
            return None
        try:
            record, _ = await self._client.get_task(self._admin, TaskId.parse(native_id))
        except UnavailableError as error:
            if error.native_status != 500:
                raise
            return None
        return record.events

    @property
    def _sides(self) -> tuple[Side, Side]:
        """The account's detail first on the admin's side, a person's on their own."""
        admin = Side(self._user.credentials, "/admin")
        return (admin, self._user) if self._settings.acts_as == "service" else (self._user, admin)

    async def _list(self, stream: Stream, window: dict[str, str], limit: int) -> Listing:
        params = stream.params(window, limit)
        match stream.shelf:
            case Shelf.MINE:
                listing = await self._client.list_my_tasks(self._user, params)
            case Shelf.CLAIMABLE:
                listing = await self._client.list_claimable(self._user, params)
            case Shelf.ALL:
                listing = await self._client.list_all_tasks(self._admin or self._user, params)
        if listing.bookmark is not None and listing.bookmark == stream.bookmark:
            raise MalformedResponseError("gave the bookmark that it was sent: the list would never end")
        return listing

    async def _streams(self, query: TaskQuery) -> list[Stream]:
        if query.candidate_groups == frozenset():
            return []
        statuses = statuses_of(query.states)
        if not statuses:
            return []
        if self._settings.acts_as == "service":
            return await self._of_all(query, statuses)
        return await self._of_person(query, statuses)

    async def _of_all(self, query: TaskQuery, statuses: tuple[str | None, ...]) -> list[Stream]:
        if len(statuses) == MANY:
            statuses = (None,)
        definitions = await self._definitions(query)
        groups: list[str | None] = [None]
        # Without an adapter the bridge compares names exactly, which is not what is asked.
        if definitions and query.candidate_groups and self._settings.options.identity_adapter:
            [name] = query.candidate_groups
            # A name that the directory no longer has may still stand on tasks: then all are read.
            groups = [*await self._directory.group_keys(name)] or [None]
        return [
            Stream(Shelf.ALL, type=definition, status=status, group=group)
            for definition in definitions
            for status in statuses
            for group in groups
        ]

    async def _of_person(self, query: TaskQuery, statuses: tuple[str | None, ...]) -> list[Stream]:
        """Their own tasks, which are never UNASSIGNED, and what they may claim, one list for each of their groups."""
        claims = None in statuses or "UNASSIGNED" in statuses
        own = [status for status in statuses if status != "UNASSIGNED"]
        if len(own) == MANY:
            own = [None]
        streams: list[Stream] = []
        keys = query.definition_keys
        if keys != frozenset():
            type_ = next(iter(keys)) if keys is not None and len(keys) == 1 else None
            streams += [Stream(Shelf.MINE, type=type_, status=status) for status in own]
            if claims:
                streams += [Stream(Shelf.CLAIMABLE, group=group) for group in await self._own_groups()]
        return streams

    async def _own_groups(self) -> list[str]:
        """As the bridge wants them: ids of the identity provider, or names where it has no adapter."""
        if self._settings.options.identity_adapter:
            return sorted({group.id for group in await self._client.list_groups(self._user) if group.id})
        who = current_call().authority
        return [] if who is None or who.identity is None else sorted(who.identity.groups)

    async def _definitions(self, query: TaskQuery) -> list[str]:
        configured, wanted = self._settings.options.definitions, query.definition_keys
        if configured:
            return sorted(set(configured) if wanted is None else wanted & set(configured))
        if wanted is not None and len(wanted) <= AT_ONCE:
            return sorted(wanted)
        limit = self._settings.options.definition_limit
        names: dict[str, None] = {}
        bookmark: str | None = None
        for _ in range(limit):
            params: dict[str, str | int] = {"limit": limit}
            if bookmark is not None:
                params["bookmark"] = bookmark
            answer = await self._client.list_definitions(self._admin or self._user, params)
            names.update(dict.fromkeys(answer.user_task_def_names))
            bookmark = answer.bookmark or None
            if len(names) > limit or bookmark is None:
                break
        if len(names) > limit or bookmark is not None:
            raise BrokenError(
                f"has more than {limit} task definitions; name those to read in options.definitions, "
                "or raise options.definition_limit"
            )
        # A long list of names is looked up, so that what nobody defined costs no call each.
        return sorted(names if wanted is None else wanted & names.keys())
