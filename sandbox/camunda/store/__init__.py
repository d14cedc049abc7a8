"""What searches read.

- `search_store`: the copy of the engine's state
- `indexes`: the indexes of its tables
- `search_fields`: what each search can sort and filter by
- `audit_log`: the audit log of a user task
"""

from sandbox.camunda.store.indexes import AUDIT_SHAPE, MEMBER_SHAPE, VARIABLE_SHAPE
from sandbox.camunda.store.search_fields import (
    AUDIT_LOGS,
    DEFINITIONS,
    EFFECTIVE_VARIABLES,
    GROUPS,
    LATEST_DEFINITIONS,
    MEMBERS,
    USERS,
    VARIABLES,
    StoreSearches,
)
from sandbox.camunda.store.search_store import Change, SearchStore

__all__ = [
    "AUDIT_LOGS",
    "AUDIT_SHAPE",
    "DEFINITIONS",
    "EFFECTIVE_VARIABLES",
    "GROUPS",
    "LATEST_DEFINITIONS",
    "MEMBERS",
    "MEMBER_SHAPE",
    "USERS",
    "VARIABLES",
    "VARIABLE_SHAPE",
    "Change",
    "SearchStore",
    "StoreSearches",
]
