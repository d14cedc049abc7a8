"""People and groups.

types.py        User, Group, IdentityLink
connection.py   pages of people and of groups
dataloaders.py  accounts and groups of the vendors' directories, by ref
queries.py      `user`, `users`, `group`, `groups`
"""

from schema.people.connection import GroupConnection, UserConnection
from schema.people.dataloaders import GroupByRefLoader, UserByRefLoader
from schema.people.queries import PeopleQueries, group_by_id, user_by_id
from schema.people.types import Group, IdentityLink, User, identity_links

__all__ = [
    "Group",
    "GroupByRefLoader",
    "GroupConnection",
    "IdentityLink",
    "PeopleQueries",
    "User",
    "UserByRefLoader",
    "UserConnection",
    "group_by_id",
    "identity_links",
    "user_by_id",
]
