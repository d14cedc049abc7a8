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
            "A user by id. Null if the id is malformed, of another type, of a person who is not known, or of a source that is not configured. The source is not asked whether the account exists: an unknown account has an id only."
        )
    )
    def user(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the user.")],
    ) -> User | None:
        return user_by_id(decode(id), info.context)

    @resolved(
        description=(
            "A group by id. Null if the id is malformed, of another type, or of a source that is not configured. The source is not asked whether the group exists: an unknown group has its native id as its name."
        )
    )
    def group(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the group.")],
    ) -> Group | None:
        return group_by_id(decode(id), info.context)

    @resolved(
        description=(
            "People by name, accounts without a name last. A linked person appears once, whatever the number of accounts. `sources` tells how each source answered."
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
            strawberry.argument(
                description="Words, each contained in the name, user name or mail address, in any order. Case and accents are ignored. Null or empty means all."
            ),
        ] = strawberry.UNSET,
        assignable_to: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id of a task: return people whom its source accepts as owner, as far as known, without accounts that are out of use, technical or nameless. Null means all."
            ),
        ] = strawberry.UNSET,
    ) -> UserConnection:
        context, task_id = info.context, given(assignable_to)
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            first=page.size,
            after=page.cursor,
            until=page.until,
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
            "Groups by name. `sources` tells how each source answered: SKIPPED if it has no directory of groups."
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
            str | None,
            strawberry.argument(
                description="Words, each contained in a name or the id, in any order. Case and accents are ignored. Null or empty means all."
            ),
        ] = strawberry.UNSET,
        source: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Global id of a source: return its groups only. Null means all sources."),
        ] = strawberry.UNSET,
    ) -> GroupConnection:
        context, wanted = info.context, given(source)
        page = page_arguments(first, after, last, before)
        request = PageRequest(
            sources=None if wanted is None else frozenset({source_key(wanted, ("source",), context)}),
            first=page.size,
            after=page.cursor,
            until=page.until,
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
