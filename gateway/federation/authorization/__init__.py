"""TODO."""

from gateway.federation.authorization.permitted_actions import verdicts
from gateway.federation.authorization.policy import Permission, check_assignment
from gateway.federation.authorization.table import ADMIN_ONLY
from gateway.federation.authorization.visibility import can_see, disjuncts

__all__ = ["ADMIN_ONLY", "Permission", "can_see", "check_assignment", "disjuncts", "verdicts"]
