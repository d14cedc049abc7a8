"""Pages of people and of groups over all sources."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.source import MergedConnection

if TYPE_CHECKING:
    from schema.people.types import Group, User


@strawberry.type(description="A page of people, by name.")
class UserConnection(MergedConnection[Annotated["User", strawberry.lazy("schema.people.types")]]):
    pass


@strawberry.type(description="A page of groups, by name.")
class GroupConnection(MergedConnection[Annotated["Group", strawberry.lazy("schema.people.types")]]):
    pass
