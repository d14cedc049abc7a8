"""Who may see a task, and who may do what to it.

visibility          who may see a task: as a test of one record, and as queries that a vendor can answer
table               who may use which verb on a task in which state (WS-HumanTask's roles)
policy              the table applied to one caller and one task: the first condition that fails
permitted_actions   what a caller may do to a task, told before it is tried; roles that a source's actions require
"""

from gateway.federation.authorization.permitted_actions import permitted_actions, with_roles
from gateway.federation.authorization.policy import Policy
from gateway.federation.authorization.visibility import can_see, disjuncts

__all__ = ["Policy", "can_see", "disjuncts", "permitted_actions", "with_roles"]
