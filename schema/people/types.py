"""User and Group. Both load from the source's directory when a field is selected that the row does not have."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import strawberry

from connectors.sdk import model
from connectors.sdk.caller import Caller
from schema import ports
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.presenters import present
from schema.core.relay import Node, global_id, person_id
from schema.core.resolver import resolved
from schema.core.tasks import BY_DUE_TIME, list_tasks, only_open
from schema.execution import selects_cursors, selects_data, selects_total, spares_candidates
from schema.people.connection import UserConnection
from schema.people.dataloaders import GroupByRefLoader, UserByRefLoader
from schema.ports import AccountLink, GroupRow, PageRequest, PersonId, PersonRow
from schema.source import Source, all_sources

if TYPE_CHECKING:
    from schema.task import TaskConnection, TaskFilter, TaskOrder

T = TypeVar("T")


@strawberry.type(description="An account of a person in a source.")
class IdentityLink:
    source: Source = strawberry.field(description="Source of the account.")
    native_id: str = strawberry.field(description="Native id of the account.")
    username: str | None = strawberry.field(description="User name in the source, as far as it is known.")
    email: str | None = strawberry.field(description="Mail address in the source, as far as it is known.")
    linked_by: str = strawberry.field(
        description="What linked the account to the person. CONFIG: the configuration. CLAIM: a claim of the person's token. EMAIL_MATCH: the only account in use that has the person's mail address."
    )
    verified: bool = strawberry.field(
        description="False: the identity provider does not say that the mail address is the person's. The account is a candidate then, which shows nothing and allows nothing."
    )


@strawberry.type(description="A person with linked accounts in sources, or one account that is linked to no person.")
class User(Node):
    person: strawberry.Private[Caller | None]
    ref: strawberry.Private[model.NativeRef | None]
    row: strawberry.Private[model.UserRef | None]

    @classmethod
    def from_caller(cls, person: Caller) -> "User":
        return cls(id=person_id(person.key), person=person, ref=None, row=None)

    @classmethod
    def from_person_row(cls, row: PersonRow) -> "User":
        """A row of a list of users: the linked person, else the account with what the directory says."""
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
        """A user named by a task or flow: the linked person, else the account with what the row says."""
        ref = model.NativeRef(source, row.native_id)
        person = context.federation.person_linked_to(ref)
        if person is not None:
            return cls.from_caller(person)
        return cls(id=global_id("User", source, row.native_id), person=None, ref=ref, row=row)

    @resolved(
        graphql_type=str | None,
        description="Name for people. Null if neither the row nor the directory has one.",
    )
    def display_name(self, info: strawberry.Info[Context, None]) -> Awaitable[str | None] | str | None:
        if self.person is not None:
            return self.person.name
        if self.row is not None and self.row.name is not None:
            return self.row.name
        found = self._from_directory(info.context, lambda user: user.name or user.username)
        username = None if self.row is None else self.row.username
        return found if found is None or username is None else _or_else(found, username)

    @resolved(
        graphql_type=str | None,
        description="Mail address. Null if neither the row nor the directory has one.",
    )
    def email(self, info: strawberry.Info[Context, None]) -> Awaitable[str | None] | str | None:
        if self.person is not None:
            return self.person.email
        if self.row is not None and self.row.email is not None:
            return self.row.email
        return self._from_directory(info.context, lambda user: user.email)

    @resolved(
        graphql_type=bool | None,
        description="Whether the account is in use. Null for a linked person, and if the source does not say.",
    )
    def is_active(self, info: strawberry.Info[Context, None]) -> Awaitable[bool | None] | bool | None:
        return self._from_directory(info.context, lambda user: user.is_active)

    @resolved(
        description="Source of an account that is linked to no person: it tells accounts of the same name apart. Null for a person."
    )
    def source(self, info: strawberry.Info[Context, None]) -> Source | None:
        return None if self.ref is None else Source.of(self.ref.source, info.context)

    @resolved(
        description="Linked accounts in configuration order. Empty if this is an account without a person. An account is missing while the directory of its source cannot be read."
    )
    async def identities(self, info: strawberry.Info[Context, None]) -> list[IdentityLink]:
        if self.person is None:
            return []
        links = await info.context.federation.links_of(self.person)
        return identity_links([link for link in links if link.verified], info.context)

    @resolved(
        description="Groups of a linked person in each source, as far as they are known. Null for an account without a person."
    )
    def groups(self, info: strawberry.Info[Context, None]) -> list["Group"] | None:
        if self.person is None:
            return None
        context = info.context
        return [
            Group.from_row(model.GroupRef(native_id=name), key, context)
            for key in context.sources
            if (identity := self.person.identity(key)) is not None
            for name in (identity.groups if identity.group_ids is None else identity.group_ids)
        ]

    @resolved(
        graphql_type=Annotated["TaskConnection", strawberry.lazy("schema.task")],
        description=("Open tasks that this user owns and the viewer sees, over all sources."),
    )
    async def tasks(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            Annotated["TaskFilter", strawberry.lazy("schema.task")] | None,
            strawberry.argument(description="Condition on the tasks. Null means all open ones."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            list[Annotated["TaskOrder", strawberry.lazy("schema.task")]] | None,
            strawberry.argument(
                description="Sort keys, the first is the most significant. Ties are broken by due time, creation time and id. Null means due time."
            ),
        ] = strawberry.UNSET,
    ) -> "TaskConnection":
        context, asked, order = info.context, given(filter), given(order_by)
        owner = PersonId(key=self.person.key) if self.person is not None else PersonId(ref=self.ref)
        wanted = ports.TaskFilter(
            assignees=frozenset({owner}), all_of=() if asked is None else (asked.to_port(context),)
        )
        found = await list_tasks(
            context,
            wanted if asked is not None and asked.names_state() else only_open(wanted),
            page_arguments(first, after, last, before),
            count=selects_total(info),
            without_candidates=spares_candidates(info),
            with_data=selects_data(info),
            cursors=selects_cursors(info),
            order=BY_DUE_TIME if order is None else tuple(key.to_port() for key in order),
        )
        connection: TaskConnection = present(found, context)
        return connection

    def _from_directory(self, context: Context, read: Callable[[model.User], T | None]) -> Awaitable[T | None] | None:
        return None if self.ref is None else _read(context.loader(UserByRefLoader).load(self.ref), read)


@strawberry.type(description="A group of people in a source.")
class Group(Node):
    source: Source = strawberry.field(description="Source of the group.")
    ref: strawberry.Private[model.NativeRef]
    row_name: strawberry.Private[str | None]

    @classmethod
    def from_row(cls, row: model.GroupRef, source: str, context: Context) -> "Group":
        return cls(
            id=global_id("Group", source, row.native_id),
            source=Source.of(source, context),
            ref=model.NativeRef(source, row.native_id),
            row_name=row.name,
        )

    @classmethod
    def from_group_row(cls, row: GroupRow, context: Context) -> "Group":
        """A row of a list of groups. Its record is kept in the request's loader."""
        ref = model.NativeRef(row.source, row.native_id)
        context.loader(GroupByRefLoader).put(ref, row.group)
        return cls(
            id=global_id("Group", row.source, row.native_id),
            source=Source.of(row.source, context),
            ref=ref,
            row_name=row.group.name,
        )

    @resolved(
        description="Members by name. SKIPPED in `sources` if the source does not list members.",
    )
    async def members(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> UserConnection:
        context = info.context
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            sources=frozenset({self.ref.source}),
            first=page.size,
            after=page.cursor,
            until=page.until,
            backward=page.backward,
            count=selects_total(info),
        )
        found = await context.federation.list_members(context.caller, self.ref, request)
        return UserConnection.merged(found, context, User.from_person_row)

    @resolved(graphql_type=str, description="Name for people. The native id if the source has no name.")
    def name(self, info: strawberry.Info[Context, None]) -> Awaitable[str] | str:
        if self.row_name is not None:
            return self.row_name
        return self._name(info.context)

    @resolved(description="Other names of the group in the source, as far as its directory has them.")
    async def aliases(self, info: strawberry.Info[Context, None]) -> list[str]:
        found = await info.context.loader(GroupByRefLoader).load(self.ref)
        return [] if found is None else list(found.aliases)

    @resolved(description="Number of members. Null if the source does not say.")
    async def member_count(self, info: strawberry.Info[Context, None]) -> int | None:
        found = await info.context.loader(GroupByRefLoader).load(self.ref)
        return None if found is None else found.member_count

    async def _name(self, context: Context) -> str:
        found = await context.loader(GroupByRefLoader).load(self.ref)
        return self.ref.native_id if found is None else found.name


def identity_links(links: Sequence[AccountLink], context: Context) -> list[IdentityLink]:
    """In configuration order of the sources."""
    by_source = {link.source: link for link in links}
    return [
        IdentityLink(
            source=source,
            native_id=link.identity.native_id,
            username=link.identity.username,
            email=link.identity.email,
            linked_by=link.linked_by.value,
            verified=link.verified,
        )
        for key, source in context.once(all_sources).items()
        if (link := by_source.get(key)) is not None
    ]


async def _or_else(loading: Awaitable[str | None], otherwise: str) -> str:
    return await loading or otherwise


async def _read(loading: Awaitable[model.User | None], read: Callable[[model.User], T | None]) -> T | None:
    found = await loading
    return None if found is None else read(found)
