"""Maestro's process instances as flows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk import (
    ConnectorError,
    Flow,
    FlowOutcome,
    FlowQuery,
    FlowState,
    ForbiddenError,
    MalformedResponseError,
    MutationStatus,
    NotFoundError,
    Page,
    get_each,
)
from connectors.uipath import mapping, wire
from connectors.uipath.casing import read_as
from connectors.uipath.client import UiPathClient
from connectors.uipath.folders import Folders
from connectors.uipath.native_id import FlowId, flow_id, guid
from connectors.uipath.settings import UiPathSettings

# Instances a page: more is error 100048.
MOST_INSTANCES = 500


class Change(Struct, frozen=True):
    """A verb, the state that it leads to, and the vendor's words for having arrived there."""

    verb: str
    state: FlowState
    arrived: frozenset[str]


CANCEL = Change("cancel", FlowState.CANCELED, frozenset({"Cancelled"}))
PAUSE = Change("pause", FlowState.SUSPENDED, frozenset({"Paused"}))
RESUME = Change("resume", FlowState.ACTIVE, frozenset({"Running"}))


class Maestro:
    """Every single instance is asked for with its folder's key."""

    def __init__(
        self, client: UiPathClient, folders: Folders, settings: UiPathSettings, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._folders = folders
        self._settings = settings
        self._clock = clock

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        """A plain job behind a job key is absent: Maestro answers 404. Nothing else is looked for in its place."""
        wanted = {text: found for text in ids if (found := flow_id(text)) is not None}
        if not wanted:
            return {}
        try:
            keys = await self._folders.keys_of(each.folder for each in wanted.values() if isinstance(each.folder, int))
        except ConnectorError as error:
            return dict.fromkeys(wanted, error)

        async def get(text: str) -> Flow:
            native = wanted[text]
            key = keys.get(native.folder) if isinstance(native.folder, int) else native.folder
            if key is None:
                raise ForbiddenError("does not show the folder to the account; it needs OR.Folders.Read")
            row, raw = await self._client.get_instance(native.instance, folder_key=key)
            if guid(row.instance_id) != native.instance:
                raise MalformedResponseError("answered with another instance than the one asked for")
            return mapping.flow_from_wire(
                row, self._settings, folder=native.folder, fetched_at=self._clock(), payload=raw
            )

        return await get_each(wanted, get)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None) -> Page[Flow]:
        """One page; instances in folders whose id is not shown to the account are known by the folder's key."""
        params: dict[str, str | int] = {"pageSize": min(max(limit, 1), MOST_INSTANCES)}
        if query.definition_keys is not None:
            if not query.definition_keys:
                return Page(items=())
            params["packageId"] = next(iter(query.definition_keys))
        if after is not None:
            params["nextPage"] = after
        page = await self._client.list_instances(params)
        rows = {row.instance_id: (row, raw) for row, raw in page.rows if guid(row.instance_id) is not None}
        ids = await self._folders.ids_of(row.folder_key for row, _ in rows.values())
        now = self._clock()
        flows = (
            mapping.flow_from_wire(
                row,
                self._settings,
                folder=ids.get(row.folder_key.lower(), row.folder_key.lower()),
                fetched_at=now,
                payload=raw,
            )
            for row, raw in rows.values()
            if guid(row.folder_key) is not None
        )
        return Page(items=tuple(flows), next_cursor=page.next_page)

    async def change(self, flow: Flow, change: Change, comment: str | None) -> FlowOutcome:
        """The vendor may answer with a state on the way (Canceling): then the outcome is PENDING."""
        native = flow_id(flow.native_id)
        if native is None:
            raise NotFoundError("no such id in this system")
        answer = await self._change(native, await self._key_of(native, flow), change, comment)
        ended = change.state is FlowState.CANCELED
        arrived = answer.status in change.arrived
        return FlowOutcome(
            flow=replace(
                flow,
                state=change.state,
                rule=f"uipath.instance.{change.verb}",
                native_state=answer.status,
                ended_at=self._clock() if ended and arrived else flow.ended_at,
                fetched_at=self._clock(),
                payload=None,
            ),
            status=MutationStatus.APPLIED if arrived else MutationStatus.PENDING,
        )

    async def cancel(self, native_id: str, comment: str | None) -> FlowId:
        """End the instance that a task belongs to; NotFoundError where there is none behind the job key."""
        native = flow_id(native_id)
        if native is None:
            raise NotFoundError("no such id in this system")
        await self._change(native, await self._key_of(native, None), CANCEL, comment)
        return native

    async def _change(self, native: FlowId, key: str, change: Change, comment: str | None) -> wire.Operation:
        answer = await self._client.change_instance(native.instance, change.verb, folder_key=key, comment=comment)
        if guid(answer.instance_id) != native.instance:
            raise MalformedResponseError("answered for another instance than the one asked for", maybe_applied=True)
        return answer

    async def _key_of(self, native: FlowId, flow: Flow | None) -> str:
        """From the record that the command was decided on, else looked up."""
        if isinstance(native.folder, str):
            return native.folder
        if flow is not None and flow.payload is not None:
            key = guid(read_as(flow.payload, wire.Instance).folder_key)
            if key is not None:
                return key
        key = (await self._folders.keys_of([native.folder])).get(native.folder)
        if key is None:
            raise ForbiddenError("does not show the folder to the account; it needs OR.Folders.Read")
        return key
