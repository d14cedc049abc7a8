"""What a to-do service with more to offer adds: a claim that overwrites, notes, users."""

from collections.abc import Set as AbstractSet

from msgspec import Raw, Struct

from connectors.sdk import (
    JSON_OK,
    AlreadyAssignedError,
    Announced,
    Claim,
    Comment,
    ConnectorError,
    DetailAspect,
    Listing,
    OffsetCursor,
    Outcome,
    Page,
    Support,
    Task,
    TaskDetail,
    User,
    UserRef,
    decode_record,
    decode_rows,
    handles,
    time_from_wire,
)

from . import Todo, TodoConnector


class Note(Struct):
    id: int
    by: str
    text: str
    at: str


class Account(Struct):
    login: str
    name: str | None = None


class Accounts(Struct):
    items: list[Raw]
    total: int


class LargeTodoConnector(TodoConnector):
    listings = frozenset({Listing.USERS})

    @handles(Claim, support=Support.EMULATED, atomic=False, note="writes the owner, then reads who the owner is")
    async def claim(self, command: Claim) -> Outcome:
        """The service lets the last writer win, so the connector looks before and after."""
        actor, native_id = command.require_actor().native_id, command.task.native_id
        if any(owner.native_id != actor for owner in command.task.assignees):
            raise AlreadyAssignedError("another person owns the to-do")
        await self.upstream.write("PUT", "/todos/{}/owner", native_id, success=JSON_OK, json={"owner": actor})
        try:
            task = await self._read(native_id)
        except ConnectorError as error:
            error.maybe_applied = True  # the write was sent: only its result is unknown
            raise
        if [owner.native_id for owner in task.assignees] != [actor]:
            raise AlreadyAssignedError("another person took the to-do at the same time")
        return Outcome(task=task)

    async def _read(self, native_id: str) -> Task:
        return self._task((await self.upstream.read("GET", "/todos/{}", native_id)).decode(Todo))

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        if DetailAspect.COMMENTS not in aspects:
            return TaskDetail()
        notes = (await self.upstream.read("GET", "/todos/{}/notes", task.native_id)).decode(list[Note])
        return TaskDetail(comments=tuple(self._comment(note) for note in notes))

    def _comment(self, note: Note) -> Comment:
        created_at = time_from_wire(note.at, self.settings.zone)
        return Comment(native_id=str(note.id), text=note.text, author=UserRef(native_id=note.by), created_at=created_at)

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        async def read(offset: int, size: int) -> Announced[Raw]:
            answer = await self.upstream.read("GET", "/users", params={"offset": offset, "limit": size})
            accounts = answer.decode(Accounts)
            return Announced(accounts.items, accounts.total)

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=self.page_limit)
        found = decode_rows(page.rows, lambda raw: decode_record(raw, Account))
        users = [User(native_id=account.login, name=account.name) for account in found.records]
        return page.page(users, odd=found.odd)
