"""People and groups as the graph shows them. A row's mention costs nothing until more than the mention is asked."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import strawberry

from connectors.sdk import model
from connectors.sdk.caller import Caller
from schema.core.arguments import given, window
from schema.core.context import Context
from schema.core.relay import Node, global_id, person_id
from schema.core.resolver import resolved
from schema.execution import selects
from schema.ports import GroupRow, PageRequest, PersonId, PersonRow
from schema.source.types import Source

if TYPE_CHECKING:
    from schema.people.connection import UserConnection
    from schema.task.connection import TaskConnection
    from schema.task.filters import TaskFilter, TaskOrder

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100; null or absent means 25.")]
Last = Annotated[int | None, strawberry.argument(description="Rows from the end, 1 to 100; not with `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Cursor of the edge after the page.")]
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the edge before the page; null means from the start.")
]


@strawberry.type(description="An account of a person in one source.")
class IdentityLink:
    source: Source = strawberry.field(description="The source. Never null.")
    native_id: str = strawberry.field(description="The source's own id of the account. Never null.")
    username: str | None = strawberry.field(description="Login name in that source; null if not configured.")
    email: str | None = strawberry.field(description="Mail address in that source; null if not configured.")
    linked_by: str = strawberry.field(description="How the link came to be: CONFIG. Never null.")
    verified: bool = strawberry.field(description="Whether writes may rely on the link; true for CONFIG.")


@strawberry.type(description="A person: linked over all sources by configuration, or one account of one source.")
class User(Node):
    person: strawberry.Private[Caller | None]
    ref: strawberry.Private[model.NativeRef | None]
    row: strawberry.Private[model.UserRef | None]

    @classmethod
    def from_caller(cls, person: Caller) -> "User":
        return cls(id=person_id(person.key), person=person, ref=None, row=None)

    @classmethod
    def from_person_row(cls, row: PersonRow) -> "User":
        """Of a list: the linked person, else the account as its directory shows it."""
        if row.person is not None or row.user is None:
            return cls(id=person_id(row.native_id), person=row.person, ref=None, row=None)
        user = row.user
        return cls(
            id=global_id("User", row.source, row.native_id),
            person=None,
            ref=model.NativeRef(row.source, row.native_id),
            row=model.UserRef(native_id=user.native_id, name=user.name or user.username, email=user.email),
        )

    @classmethod
    def from_row(cls, row: model.UserRef, source: str, context: Context) -> "User":
        """The linked person where there is one, else the account, as far as the row goes."""
        ref = model.NativeRef(source, row.native_id)
        person = context.federation.person_linked_to(ref)
        if person is not None:
            return cls.from_caller(person)
        return cls(id=global_id("User", source, row.native_id), person=None, ref=ref, row=row)

    @resolved(
        graphql_type=str | None,
        description="Name for people. Null if neither the row nor the source's directory has one.",
    )
    def display_name(self, info: strawberry.Info[Context, None]) -> Awaitable[str | None] | str | None:
        if self.person is not None:
            return self.person.name
        if self.row is not None and self.row.name is not None:
            return self.row.name
        return self._from_directory(info.context, lambda user: user.name or user.username)

    @resolved(
        graphql_type=str | None,
        description="Mail address. Null if neither the row nor the source's directory has one.",
    )
    def email(self, info: strawberry.Info[Context, None]) -> Awaitable[str | None] | str | None:
        if self.person is not None:
            return self.person.email
        if self.row is not None and self.row.email is not None:
            return self.row.email
        return self._from_directory(info.context, lambda user: user.email)

    @resolved(
        graphql_type=bool | None,
        description="Whether the account is in use. Null for a linked person, and where the source does not say.",
    )
    def is_active(self, info: strawberry.Info[Context, None]) -> Awaitable[bool | None] | bool | None:
        return self._from_directory(info.context, lambda user: user.is_active)

    @resolved(
        description="The linked accounts, in configuration order, as many as are configured. Empty if not linked."
    )
    def identities(self, info: strawberry.Info[Context, None]) -> list[IdentityLink]:
        return [] if self.person is None else identities_of(self.person, info.context)

    @resolved(
        description="Groups of a linked person, as configured for each source; null for an account that is not linked."
    )
    def groups(self, info: strawberry.Info[Context, None]) -> list["Group"] | None:
        if self.person is None:
            return None
        context = info.context
        return [
            Group.from_row(model.GroupRef(native_id=name), key, context)
            for key in context.sources
            if (identity := self.person.identity(key)) is not None
            for name in identity.groups
        ]

    @resolved(
        graphql_type=Annotated["TaskConnection", strawberry.lazy("schema.task.connection")],
        description=(
            "Open tasks that this person owns, over all sources, as far as the viewer may see them, at most 100 a page."
        ),
    )
    async def tasks(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            Annotated["TaskFilter", strawberry.lazy("schema.task.filters")] | None,
            strawberry.argument(description="Which of them; null means all open ones."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            list[Annotated["TaskOrder", strawberry.lazy("schema.task.filters")]] | None,
            strawberry.argument(description="Keys to sort by; due time, creation and id decide ties."),
        ] = strawberry.UNSET,
    ) -> "TaskConnection":
        from schema.task.queries import tasks_of_person  # noqa: PLC0415 tasks know people, so people cannot sooner

        owner = PersonId(key=self.person.key) if self.person is not None else PersonId(ref=self.ref)
        page = window(first, after, last, before)
        return await tasks_of_person(info, owner, page, given(filter), given(order_by))

    def _from_directory(self, context: Context, read: Callable[[model.User], T | None]) -> Awaitable[T | None] | None:
        return None if self.ref is None else _read(context.user_by_ref.load(self.ref), read)


@strawberry.type(description="A group of people in one source.")
class Group(Node):
    source: Source = strawberry.field(description="The source. Never null.")
    ref: strawberry.Private[model.NativeRef]
    row_name: strawberry.Private[str | None]

    @classmethod
    def from_row(cls, row: model.GroupRef, source: str, context: Context) -> "Group":
        return cls(
            id=global_id("Group", source, row.native_id),
            source=context.sources[source],
            ref=model.NativeRef(source, row.native_id),
            row_name=row.name,
        )

    @classmethod
    def from_group_row(cls, row: GroupRow, context: Context) -> "Group":
        """Of a list: what it says is known for the rest of the request."""
        ref = model.NativeRef(row.source, row.native_id)
        context.group_by_ref.put(ref, row.group)
        return cls(
            id=global_id("Group", row.source, row.native_id),
            source=context.sources[row.source],
            ref=ref,
            row_name=row.group.name,
        )

    @resolved(
        graphql_type=Annotated["UserConnection", strawberry.lazy("schema.people.connection")],
        description="Who belongs to it, by name, at most 100 a page. SKIPPED where the source does not tell.",
    )
    async def members(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> "UserConnection":
        from schema.people.connection import UserConnection  # noqa: PLC0415 lists know people, not the reverse

        context = info.context
        page = window(first, after, last, before)
        request = PageRequest(
            sources=frozenset({self.ref.source}),
            first=page.size,
            after=page.cursor,
            backward=page.backward,
            count=selects(info, ("totalCount",), ("sources", "count")),
        )
        return UserConnection.from_list(
            await context.federation.list_members(context.caller, self.ref, request), context
        )

    @resolved(
        graphql_type=str, description="Name for people; the source's own id where no name can be had. Never null."
    )
    def name(self, info: strawberry.Info[Context, None]) -> Awaitable[str] | str:
        if self.row_name is not None:
            return self.row_name
        return self._name(info.context)

    @resolved(description="Other names by which the source knows it; at most what its directory lists.")
    async def aliases(self, info: strawberry.Info[Context, None]) -> list[str]:
        found = await info.context.group_by_ref.load(self.ref)
        return [] if found is None else list(found.aliases)

    @resolved(description="How many people belong to it. Null where the source does not say.")
    async def member_count(self, info: strawberry.Info[Context, None]) -> int | None:
        found = await info.context.group_by_ref.load(self.ref)
        return None if found is None else found.member_count

    async def _name(self, context: Context) -> str:
        found = await context.group_by_ref.load(self.ref)
        return self.ref.native_id if found is None else found.name


def identities_of(person: Caller, context: Context) -> list[IdentityLink]:
    return [
        IdentityLink(
            source=source,
            native_id=identity.native_id,
            username=identity.username,
            email=identity.email,
            linked_by="CONFIG",
            verified=True,
        )
        for key, source in context.sources.items()
        if (identity := person.identity(key)) is not None
    ]


async def _read(loading: Awaitable[model.User | None], read: Callable[[model.User], T | None]) -> T | None:
    found = await loading
    return None if found is None else read(found)
