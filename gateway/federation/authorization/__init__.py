"""Who may see a task, and who may do what to it.

visibility          who may see a task: as a test of one record, and as queries that a vendor can answer
own_work            tasks that people ended through the gateway, as their writes left them
recently_shown      which tasks were shown to whom a moment ago
known_accounts      names that tasks carried, and accounts that are out of use
table               who may use which verb on a task in which state (WS-HumanTask's roles)
policy              the table applied to one caller and one task: the first condition that fails
permitted_actions   what a caller may do to a task, told before it is tried; roles that a source's actions require
"""

from gateway.federation.authorization.known_accounts import KnownAccounts
from gateway.federation.authorization.own_work import MOST_KEPT, OWN_WORK, OwnWork
from gateway.federation.authorization.permitted_actions import permitted_actions, with_roles
from gateway.federation.authorization.policy import Policy, unlinked
from gateway.federation.authorization.recently_shown import RecentlyShown
from gateway.federation.authorization.visibility import can_see, disjuncts, own_ended, visible_record

__all__ = [
    "MOST_KEPT",
    "OWN_WORK",
    "KnownAccounts",
    "OwnWork",
    "Policy",
    "RecentlyShown",
    "can_see",
    "disjuncts",
    "own_ended",
    "permitted_actions",
    "unlinked",
    "visible_record",
    "with_roles",
]
