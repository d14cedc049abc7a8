"""Users and groups by id and in lists."""

from typing import Annotated

import strawberry

from connectors.sdk.model import GroupRef, TaskRef, UserRef
from schema.core.arguments import argument, given, source_key
from schema.core.context import Context
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.relay import PERSON_MARK, GlobalId, decode
from schema.core.resolver import resolved
from schema.execution import selects_total
from schema.people.connection import GroupConnection, UserConnection
from schema.people.types import Group, User
from schema.ports import PageRequest


@strawberry.type
class PeopleQueries:
    @resolved(
        description=(
            "A person by id. Null for an id that is malformed, of another type, or of a source or person that is not "
            "configured. An account that its source cannot show keeps its id, the rest is null."
        )
    )
    def user(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of a User.")],
    ) -> User | None:
        return user_by_id(decode(id), info.context)

    @resolved(
        description=(
            "A group by id. Null for an id that is malformed, of another type, or of a source that is not configured."
        )
    )
    def group(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of a Group.")],
    ) -> Group | None:
        return group_by_id(decode(id), info.context)

    @resolved(
        description=(
            "People, by name, each once whatever number of sources know them, at most 100 a page. A failing source does "
            "not fail it: see `sources`."
        )
    )
    async def users(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        search: Annotated[
            str | None,
            strawberry.argument(description="Part of a name, user name or mail address; null or empty means all."),
        ] = strawberry.UNSET,
        assignable_to: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id of a Task: only whom its source would take as owner, as far as known."
            ),
        ] = strawberry.UNSET,
    ) -> UserConnection:
        context, task_id = info.context, given(assignable_to)
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            first=page.size,
            after=page.cursor,
            backward=page.backward,
            count=selects_total(info),
        )
        task = None if task_id is None else TaskRef(*argument(task_id, "Task", ("assignableTo",)).parts)
        found = await context.federation.list_users(
            context.caller, request, search=given(search) or None, assignable_to=task
        )
        return UserConnection.merged(found, context, User.from_person_row)

    @resolved(
        description=(
            "Groups, by name, at most 100 a page. A failing source does not fail it, one without a directory of groups "
            "is SKIPPED: see `sources`."
        )
    )
    async def groups(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        search: Annotated[
            str | None, strawberry.argument(description="Part of a name or id; null or empty means all.")
        ] = strawberry.UNSET,
        source: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this Source only; null means of all.")
        ] = strawberry.UNSET,
    ) -> GroupConnection:
        context, wanted = info.context, given(source)
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            sources=None if wanted is None else frozenset({source_key(wanted, ("source",), context)}),
            first=page.size,
            after=page.cursor,
            backward=page.backward,
            count=selects_total(info),
        )
        found = await context.federation.list_groups(context.caller, request, search=given(search) or None)
        return GroupConnection.merged(found, context, lambda row: Group.from_group_row(row, context))


def user_by_id(found: GlobalId | None, context: Context) -> User | None:
    if found is None or found.type != "User":
        return None
    if len(found.parts) == 1:
        person = context.federation.person(found.parts[0].removeprefix(PERSON_MARK))
        return None if person is None else User.from_caller(person)
    source, native_id = found.parts
    return User.from_row(UserRef(native_id=native_id), source, context) if source in context.sources else None


def group_by_id(found: GlobalId | None, context: Context) -> Group | None:
    if found is None or found.type != "Group":
        return None
    source, native_id = found.parts
    return Group.from_row(GroupRef(native_id=native_id), source, context) if source in context.sources else None
