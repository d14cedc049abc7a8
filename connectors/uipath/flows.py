"""Flows: Maestro's process instances, and the folder keys that Maestro needs to find them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Raw, Struct

from connectors.sdk import (
    ConnectorError,
    Decoded,
    Definition,
    Flow,
    FlowOutcome,
    FlowQuery,
    FlowState,
    ForbiddenError,
    MutationStatus,
    Page,
    UserRef,
    decode_rows,
    distinct,
    following_token,
    get_each,
    readable_flow,
    time_from_wire,
)
from connectors.uipath import after_write, wire
from connectors.uipath.client import Rows, UiPathClient, drain_rows
from connectors.uipath.errors import other_instance
from connectors.uipath.formats import any_of, batches, decode_readable
from connectors.uipath.ids import FlowId, guid
from connectors.uipath.settings import UiPathSettings

# Instances of one page. Maestro refuses more with error 100048.
MOST_INSTANCES = 500
# Pairs of folder id and folder key that are kept.
KEPT = 1000
# Folders in one request.
BATCH = 50

FLOW_STATES: Mapping[str, FlowState] = {
    "Pending": FlowState.ACTIVE,
    "Running": FlowState.ACTIVE,
    "Pausing": FlowState.ACTIVE,
    "Paused": FlowState.SUSPENDED,
    "Resuming": FlowState.ACTIVE,
    "Retrying": FlowState.ACTIVE,
    "Upgrading": FlowState.ACTIVE,
    "Canceling": FlowState.ACTIVE,
    "Cancelled": FlowState.CANCELED,
    "Completed": FlowState.COMPLETED,
    "Faulted": FlowState.FAILED,
}


class Change(Struct, frozen=True):
    """A verb of Maestro, the state that it leads to, and the vendor's name of that state."""

    verb: str
    state: FlowState
    native_state: str


CANCEL = Change("cancel", FlowState.CANCELED, "Cancelled")
PAUSE = Change("pause", FlowState.SUSPENDED, "Paused")
RESUME = Change("resume", FlowState.ACTIVE, "Running")


def pushed_down_flows(query: FlowQuery) -> FlowQuery:
    """At most one definition: Maestro's list filters by one package."""
    keys = query.definition_keys
    return FlowQuery(definition_keys=keys if keys is None or len(keys) <= 1 else None)


def flow_from_wire(
    row: wire.Instance, settings: UiPathSettings, *, folder: int | str, fetched_at: datetime, payload: Raw | None = None
) -> Flow:
    """`folder` is the id of the instance's folder, or its key if the account may not read the id."""
    native = row.latest_run_status or ""
    state = FLOW_STATES.get(native, FlowState.UNKNOWN)
    return Flow(
        source=settings.key,
        native_id=str(FlowId(folder, row.instance_id.lower())),
        state=state,
        rule=f"uipath.instance.{native.lower()}" if native in FLOW_STATES else "uipath.instance.unknown",
        fetched_at=fetched_at,
        name=row.instance_display_name or row.package_id,
        definition=_definition(row),
        has_incident=True if state is FlowState.FAILED else None,
        started_at=time_from_wire(row.started_time_utc, UTC),
        ended_at=time_from_wire(row.completed_time_utc, UTC),
        started_by=_starter(row),
        native_state=row.latest_run_status,
        payload=payload,
    )


class FolderKeys:
    """Folder ids and folder keys: tasks name their folder by id, Maestro by key.

    The newest `KEPT` pairs are kept, because neither changes while the folder exists. They are the only state of the
    connector besides the HTTP client.
    """

    def __init__(self, client: UiPathClient) -> None:
        self._client = client
        self._keys: dict[int, str] = {}

    async def keys_of(self, ids: Iterable[int]) -> dict[int, str]:
        """The keys by id, of the folders that the account may see."""
        wanted = dict.fromkeys(ids)
        found = {folder: self._keys[folder] for folder in wanted if folder in self._keys}
        missing = [folder for folder in wanted if folder not in found]
        rows = await self._find("Id", [str(folder) for folder in missing])
        return found | {row.id: row.key for row in rows if row.id in wanted}

    async def ids_of(self, keys: Iterable[str]) -> dict[str, int]:
        """The ids by key in lower case, of the folders that the account may see."""
        wanted = {key for each in keys if (key := guid(each)) is not None}
        found = {key: folder for folder, key in self._keys.items() if key in wanted}
        rows = await self._find("Key", sorted(wanted - found.keys()))
        return found | {row.key: row.id for row in rows if row.key in wanted}

    async def require_key(self, folder: int | str) -> str:
        """The key of a folder that is named by id or key; ForbiddenError if the account may not see the folder."""
        if isinstance(folder, str):
            return folder
        key = (await self.keys_of([folder])).get(folder)
        if key is None:
            raise _hidden_folder()
        return key

    async def _find(self, member: str, values: Collection[str]) -> list[wire.Folder]:
        """Only folders whose key is a GUID: the key is sent as a header."""
        found: list[wire.Folder] = []
        for batch in batches(values, BATCH):
            found += [
                wire.Folder(id=row.id, key=key, display_name=row.display_name)
                for row in await self._rows(any_of(member, batch))
                if (key := guid(row.key)) is not None
            ]
        for row in found:
            if len(self._keys) >= KEPT:
                del self._keys[next(iter(self._keys))]
            self._keys[row.id] = row.key
        return found

    async def _rows(self, filter: str) -> list[wire.Folder]:
        """At most BATCH folders match, in more than one page if the vendor caps pages."""

        async def page(skip: int) -> Rows[wire.Folder]:
            return await self._client.list_folders(filter=filter, top=BATCH, skip=skip)

        rows, _ = await drain_rows(page, most_pages=BATCH)
        return distinct((row.record for row, _ in rows if row.record is not None), lambda row: row.id)


class Flows:
    """Reads and changes process instances. Every request for a single instance names its folder's key."""

    def __init__(self, client: UiPathClient, settings: UiPathSettings, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._folders = FolderKeys(client)
        self._settings = settings
        self._clock = clock

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """A job that is no process instance is absent: Maestro answers 404. Nothing else is read in its place."""
        wanted = {text: native for text in ids if (native := FlowId.parse(text)) is not None}
        if not wanted:
            return {}
        try:
            keys = await self._folders.keys_of(each.folder for each in wanted.values() if isinstance(each.folder, int))
        except ConnectorError as error:
            return dict.fromkeys(wanted, error)

        async def get_one(text: str) -> Flow:
            native = wanted[text]
            key = keys.get(native.folder) if isinstance(native.folder, int) else native.folder
            if key is None:
                raise _hidden_folder()
            found, raw = await self._client.get_instance(native.instance, folder_key=key)
            row = found.record or found.require("a process instance")
            if guid(row.instance_id) != native.instance:
                raise other_instance(is_write=False)
            flow = flow_from_wire(row, self._settings, folder=native.folder, fetched_at=self._clock(), payload=raw)
            return readable_flow(flow, found.odd)

        return await get_each(wanted, get_one)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None) -> Page[Flow]:
        """One page. The cursor is the vendor's token."""
        params: dict[str, str | int] = {"pageSize": min(max(limit, 1), MOST_INSTANCES)}
        if query.definition_keys is not None:
            if not query.definition_keys:
                return Page(items=())
            params["packageId"] = next(iter(query.definition_keys))
        if after is not None:
            params["nextPage"] = after
        page = await self._client.list_instances(params)
        found = decode_rows(page.rows, _read_row)
        rows = {row.instance_id: (row, raw, row.folder_key or "") for row, raw in found.rows}
        ids = await self._folders.ids_of(key for _, _, key in rows.values())
        now = self._clock()
        flows = (
            flow_from_wire(
                row,
                self._settings,
                folder=ids.get(key.lower(), key.lower()),
                fetched_at=now,
                payload=raw,
            )
            for row, raw, key in rows.values()
        )
        return following_token(page.next_page, after=after).page(tuple(flows), odd=found.odd)

    async def change(self, flow: Flow, change: Change, comment: str | None) -> FlowOutcome:
        """PENDING if the vendor answers with an intermediate state (Canceling)."""
        native = FlowId.require(flow.native_id)
        key = _key_in_record(flow) or await self._folders.require_key(native.folder)
        answer = await self._change(native, key, change, comment)
        has_arrived = answer.status == change.native_state
        changed = after_write.flow_changed(
            flow,
            answer,
            FLOW_STATES.get(answer.status, FlowState.UNKNOWN),
            has_ended=has_arrived and change.state is FlowState.CANCELED,
            fetched_at=self._clock(),
        )
        return FlowOutcome(flow=changed, status=MutationStatus.APPLIED if has_arrived else MutationStatus.PENDING)

    async def cancel(self, native_id: str, comment: str | None) -> FlowId:
        """Cancel the instance that a task belongs to; NotFoundError if the task's job is no process instance."""
        native = FlowId.require(native_id)
        await self._change(native, await self._folders.require_key(native.folder), CANCEL, comment)
        return native

    async def _change(self, native: FlowId, key: str, change: Change, comment: str | None) -> wire.Operation:
        answer = await self._client.change_instance(native.instance, change.verb, folder_key=key, comment=comment)
        if guid(answer.instance_id) != native.instance:
            raise other_instance(is_write=True)
        return answer


def _read_row(raw: Raw) -> Decoded[wire.Instance]:
    """A row of a list has to name the instance and its folder, which make the id of the flow."""
    found = decode_readable(raw, wire.Instance)
    row = found.record
    if row is None:
        return found
    ids = {"instanceId": row.instance_id, "folderKey": row.folder_key}
    return Decoded(row, tuple(dict.fromkeys((*found.odd, *(name for name, key in ids.items() if guid(key) is None)))))


def _hidden_folder() -> ForbiddenError:
    return ForbiddenError("does not show this folder to the account; it needs OR.Folders.Read")


def _key_in_record(flow: Flow) -> str | None:
    """The folder's key in the record that the command was decided on, which saves a request."""
    row = None if flow.payload is None else decode_readable(flow.payload, wire.Instance).record
    return None if row is None else guid(row.folder_key)


def _definition(row: wire.Instance) -> Definition | None:
    package, version = row.package_id or row.process_key, row.package_version
    if not package:
        return None
    native_id = f"{package}:{version}" if version else package
    return Definition(native_id=native_id, key=package, name=row.package_id, version=version)


def _starter(row: wire.Instance) -> UserRef | None:
    if row.user_id is None or row.user_id <= 0:
        return None
    return UserRef(native_id=str(row.user_id), name=row.started_by_user or None)
