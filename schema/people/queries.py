"""People by id."""

from typing import Annotated

import strawberry

from connectors.sdk.model import GroupRef, UserRef
from schema.context import Context
from schema.people.types import Group, User
from schema.relay import PERSON_MARK, GlobalId, decode
from schema.resolver import resolved


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
