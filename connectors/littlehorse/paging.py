"""A list of tasks as several lists of the bridge. One page holds the next rows of up to eight of them."""

from collections import OrderedDict
from datetime import UTC
from enum import StrEnum

import anyio
from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.littlehorse import wire
from connectors.littlehorse.client import LittlehorseClient, Params, Rows, Side
from connectors.littlehorse.errors import asked_as_person
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.people import Directory
from connectors.littlehorse.search import creation_bounds, statuses_of
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.sdk import (
    BrokenError,
    ConnectorError,
    Interval,
    MalformedResponseError,
    NextPage,
    OddRow,
    TaskOrderField,
    TaskQuery,
    decode_record,
    drain,
    following_token,
    read_cursor,
    time_from_wire,
    write_cursor,
)

# Lists of the bridge that are requested at once for one page.
AT_ONCE = 8

# Rows of one list that are requested at once. For each row the bridge makes up to three calls of its own, one after the
# other: 17 to 55 ms, seen on a real bridge. Eight lists of 20 rows stay within the default `deadline` of 8 s, and a list
# that does not fit into it still has the rows of some pages.
MOST_ROWS = 20

# From this many of the four statuses on, one request without a status replaces one request for each. Rows of the
# remaining status are dropped by the connector.
MANY_STATUSES = 3

# Tasks whose place in the lists is remembered, the latest ones that a list showed: some megabytes.
MOST_PLACES = 10_000
# Pages that are read for one row: tasks of a definition that were made in the same moment.
MOST_PAGES = 5


class ListKind(StrEnum):
    """Which list of the bridge: tasks of the person, tasks that the person may claim, or tasks of one definition."""

    MINE = "mine"
    CLAIMABLE = "claimable"
    ALL = "all"


class Stream(Struct, frozen=True, array_like=True):
    """One list of the bridge and the place in it. `group` is the bridge's id of a group, or a name that it knows no id of;
    `user` is the identity provider's id of a person. `bookmark` None is the start.
    """

    kind: ListKind
    type: str | None = None
    status: str | None = None
    group: str | None = None
    bookmark: str | None = None
    user: str | None = None

    def params(self, bounds: dict[str, str], limit: int) -> Params:
        given = {
            "type": self.type,
            "status": self.status,
            "user_id": self.user,
            "user_group_id": self.group,
            **bounds,
            "bookmark": self.bookmark,
        }
        return {"limit": limit, **{name: value for name, value in given.items() if value is not None}}


class TaskLists:
    """Reads lists of tasks. `admin` is None without an admin account; a service account is `user` and `admin`."""

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
        # By native id: the definition of a task and the time when it was made, which never change.
        self._places: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def note(self, row: wire.TaskRow) -> None:
        """A row that a list showed: `row_of` will find it."""
        if row.user_task_def_name and row.scheduled_time:
            native_id = str(TaskId(row.wf_run_id, row.id))
            self._places[native_id] = (row.user_task_def_name, row.scheduled_time)
            self._places.move_to_end(native_id)
            if len(self._places) > MOST_PLACES:
                self._places.popitem(last=False)

    async def row_of(self, native_id: str) -> tuple[wire.TaskRow, Raw] | None:
        """The present row of a task, as the admin side lists it; None if no list has shown the task before.

        One call, of few rows: the tasks of its definition that were made at the same time.
        """
        place = self._places.get(native_id)
        made = None if place is None else time_from_wire(place[1], UTC)
        if place is None or made is None or self._admin is None:
            return None
        then = Interval(gte=made, lte=made)
        bounds = creation_bounds(TaskQuery(times=((TaskOrderField.CREATED_AT, then),))) or {}
        stream = Stream(ListKind.ALL, type=place[0])
        for _ in range(MOST_PAGES):
            answer = await self._read(stream, bounds, MOST_ROWS)
            for raw in answer.rows:
                row = decode_record(raw, wire.TaskRow).record
                if row is not None and str(TaskId(row.wf_run_id, row.id)) == native_id:
                    return row, raw
            following = following_token(answer.bookmark, after=stream.bookmark)
            if following.cursor is None:
                break
            stream = replace(stream, bookmark=following.cursor)
        return None

    async def page(
        self, query: TaskQuery, *, limit: int, after: str | None
    ) -> tuple[list[Raw], NextPage, tuple[OddRow, ...]]:
        """At most `limit` rows, which may not match `query`. The cursor holds the place in each list.

        The first page also has the definitions and groups that cannot be read: their tasks are missing. Truncated if a
        list gives the bookmark that it was requested with: it would never end.
        """
        bounds = creation_bounds(query)
        if bounds is None:
            return [], NextPage(), ()
        odd: list[OddRow] = []
        streams = await self._streams(query, odd) if after is None else read_cursor(after, list[Stream])
        asked = streams[: max(1, min(AT_ONCE, limit))]
        if not asked:
            return [], NextPage(), tuple(odd)
        rows_each = min(MOST_ROWS, max(1, limit // len(asked)))
        answers = await self._read_all(asked, bounds, rows_each)
        rows = [row for answer in answers for row in answer.rows]
        if len(rows) > rows_each * len(asked):
            raise MalformedResponseError("a page has more rows than its limit")
        ends = [
            following_token(answer.bookmark, after=stream.bookmark)
            for stream, answer in zip(asked, answers, strict=True)
        ]
        unfinished = [
            replace(stream, bookmark=end.cursor)
            for stream, end in zip(asked, ends, strict=True)
            if end.cursor is not None
        ]
        rest = unfinished + streams[len(asked) :]
        following = NextPage(write_cursor(rest) if rest else None, truncated=any(end.truncated for end in ends))
        return rows, following, tuple(odd)

    async def _read_all(self, streams: list[Stream], bounds: dict[str, str], limit: int) -> list[Rows]:
        """A page of each stream, in their order. If one of them fails, all of them fail."""
        answers: dict[int, Rows] = {}
        failures: list[ConnectorError] = []

        async def read(number: int, stream: Stream) -> None:
            try:
                answers[number] = await self._read(stream, bounds, limit)
            except ConnectorError as error:
                failures.append(error)

        async with anyio.create_task_group() as group:
            for number, stream in enumerate(streams):
                group.start_soon(read, number, stream)
        if failures:
            raise failures[0]
        return [answers[number] for number in range(len(streams))]

    async def _read(self, stream: Stream, bounds: dict[str, str], limit: int) -> Rows:
        params = stream.params(bounds, limit)
        match stream.kind:
            case ListKind.MINE:
                with asked_as_person():
                    rows = await self._client.list_my_tasks(self._user, params)
            case ListKind.CLAIMABLE:
                with asked_as_person():
                    rows = await self._client.list_claimable(self._user, params)
            case ListKind.ALL:
                rows = await self._client.list_all_tasks(self._admin or self._user, params)
        return rows

    async def _streams(self, query: TaskQuery, odd: list[OddRow]) -> list[Stream]:
        """The lists that hold all matches of `query`, from their start. What cannot be read is added to `odd`."""
        statuses = statuses_of(query.states)
        if not statuses or query.candidate_groups == frozenset() or query.assignees == frozenset():
            return []
        if self._settings.acts_as == "service":
            return await self._streams_of_all(query, statuses, odd)
        return await self._streams_of_person(query, statuses, odd)

    async def _streams_of_all(
        self, query: TaskQuery, statuses: tuple[str | None, ...], odd: list[OddRow]
    ) -> list[Stream]:
        if len(statuses) >= MANY_STATUSES:
            statuses = (None,)
        definitions = await self._definitions(query, odd)
        groups: list[str | None] = [None]
        user: str | None = None
        # Without an identity adapter the bridge compares names exactly; the query ignores case.
        if definitions and self._settings.options.identity_adapter:
            if query.candidate_groups:
                groups = [*await self._group_filters(query.candidate_groups)]
            if query.assignees is not None:
                # Of a person who left, the identity provider has no id. Then the tasks of all people are read.
                [native_id] = query.assignees
                user = await self._directory.user_filter(native_id)
        return [
            Stream(ListKind.ALL, type=definition, status=status, group=group, user=user)
            for definition in definitions
            for status in statuses
            for group in groups
        ]

    async def _group_filters(self, names: frozenset[str]) -> list[str]:
        """A group that the directory does not list is given by its name, as the kernel has it: the bridge takes that too."""
        found: dict[str, None] = {}
        for name in sorted(names):
            found.update(dict.fromkeys(await self._directory.group_keys(name) or [name]))
        return list(found)

    async def _streams_of_person(
        self, query: TaskQuery, statuses: tuple[str | None, ...], odd: list[OddRow]
    ) -> list[Stream]:
        """Their own tasks, which are never UNASSIGNED, and for each of their groups the tasks that they may claim."""
        keys = query.definition_keys
        if keys == frozenset():
            return []
        own = [status for status in statuses if status != "UNASSIGNED"]
        if len(own) >= MANY_STATUSES:
            own = [None]
        type_ = next(iter(keys)) if keys is not None and len(keys) == 1 else None
        streams = [Stream(ListKind.MINE, type=type_, status=status) for status in own]
        if None in statuses or "UNASSIGNED" in statuses:
            groups, hidden = await self._directory.own_group_keys()
            odd += hidden
            streams += [Stream(ListKind.CLAIMABLE, group=group) for group in groups]
        return streams

    async def _definitions(self, query: TaskQuery, odd: list[OddRow]) -> list[str]:
        """The definitions whose tasks are read. BrokenError if there are more than `definition_limit`."""
        configured, wanted = self._settings.options.definitions, query.definition_keys
        if configured:
            return sorted(set(configured) if wanted is None else wanted & set(configured))
        if wanted is not None and len(wanted) <= AT_ONCE:
            return sorted(wanted)
        names = await self._all_definitions(odd)
        # Of many wanted names only the existing ones are read, so that an unknown name costs no call.
        return sorted(names if wanted is None else wanted & names)

    async def _all_definitions(self, odd: list[OddRow]) -> set[str]:
        limit = self._settings.options.definition_limit
        names: set[str] = set()

        async def page(bookmark: str | None) -> tuple[list[str], NextPage]:
            params: Params = {"limit": limit} if bookmark is None else {"limit": limit, "bookmark": bookmark}
            answer = await self._client.list_definitions(self._admin or self._user, params)
            names.update(answer.names.records)
            odd.extend(answer.names.odd)
            following = following_token(answer.bookmark, after=bookmark) if len(names) <= limit else NextPage()
            return answer.names.records, following

        _, is_whole = await drain(page, most_pages=limit)
        if len(names) > limit or not is_whole:
            raise BrokenError(
                f"has more than {limit} task definitions; name those to read in options.definitions, "
                "or raise options.definition_limit"
            )
        return names
