"""Viewer: the person who asks, and their inbox."""

from typing import Annotated

import strawberry

from connectors.sdk.caller import Caller
from schema.core.arguments import FreshnessArgument, given
from schema.core.context import Context
from schema.core.enums import Freshness, InboxScope
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.presenters import present
from schema.core.resolver import resolved
from schema.core.tasks import list_tasks, only_open
from schema.execution import selects_cursors, selects_data, selects_total, spares_candidates
from schema.people import IdentityLink, User, identity_links
from schema.task.connection import TaskConnection
from schema.task.filters import TaskFilter
from schema.task.sorting import DEFAULT_ORDER, OrderBy, sort_keys
from schema.task.stats import FilterOfStats, GroupBy, ScopeOfStats, TaskStats, stats_of

Info = strawberry.Info[Context, None]


@strawberry.type(description="The person who sends the request.")
class Viewer:
    @resolved(description="The person as a user.")
    def user(self, info: Info) -> User:
        return User.from_caller(info.context.caller)

    @resolved(
        description="Accounts of the person, in configuration order. A source that is missing knows no account of the person, or its directory cannot be read now; its part of a list tells which."
    )
    async def identities(self, info: Info) -> list[IdentityLink]:
        return identity_links(await info.context.federation.links_of(info.context.caller), info.context)

    @resolved(
        description=(
            "Tasks for the viewer over all sources in one order. Open tasks only, unless the filter has a condition on the state. `sources` tells how each source answered; a failing source does not fail the list."
        )
    )
    async def inbox(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        scope: Annotated[
            InboxScope | None, strawberry.argument(description="Which tasks. Null means MINE.")
        ] = InboxScope.MINE,
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="Condition on the tasks. Null means all open ones.")
        ] = strawberry.UNSET,
        order_by: OrderBy = DEFAULT_ORDER,
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> TaskConnection:
        asked = given(filter) or TaskFilter()
        wanted = asked.to_port(info.context)
        found = await list_tasks(
            info.context,
            wanted if asked.names_state() else only_open(wanted),
            page_arguments(first, after, last, before),
            count=selects_total(info),
            without_candidates=spares_candidates(info),
            with_data=selects_data(info),
            cursors=selects_cursors(info),
            scope=scope or InboxScope.MINE,
            order=sort_keys(order_by),
            fresh=freshness is Freshness.FRESH,
        )
        return TaskConnection.from_list(found, info.context)

    @resolved(description="The same as the root field `taskStats`. The payload of a write can return it too.")
    async def task_stats(
        self,
        info: Info,
        group_by: GroupBy,
        scope: ScopeOfStats = InboxScope.ALL_VISIBLE,
        filter: FilterOfStats = strawberry.UNSET,
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> TaskStats:
        return await stats_of(info.context, group_by, scope, filter, freshness)


@present.register
def present_viewer(_caller: Caller, _context: Context) -> Viewer:
    return Viewer()
