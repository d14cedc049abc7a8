"""Changes of candidates. The engine takes one user or group a call."""

from collections.abc import Sequence

from msgspec import Struct

from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.mapping import Candidates
from connectors.sdk import ConflictError, Update, UpdateField


class Links(Struct, frozen=True):
    """The links that a change adds and removes."""

    add: tuple[dict[str, object], ...] = ()
    remove: tuple[dict[str, object], ...] = ()

    @property
    def count(self) -> int:
        return len(self.add) + len(self.remove)


def wanted_of(command: Update) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """The whole new lists of users and groups; None for a list that stays."""
    users = () if UpdateField.CANDIDATE_USERS in command.clear else command.candidate_users
    groups = () if UpdateField.CANDIDATE_GROUPS in command.clear else command.candidate_groups
    return users, groups


def links_of(before: Candidates, users: Sequence[str] | None, groups: Sequence[str] | None) -> Links:
    """What leads from `before` to the new lists."""
    add: list[dict[str, object]] = []
    remove: list[dict[str, object]] = []
    for member, there, wanted in (("userId", before.users, users), ("groupId", before.groups, groups)):
        if wanted is None:
            continue
        add += [{member: each} for each in dict.fromkeys(wanted) if each not in there]
        remove += [{member: each} for each in there if each not in wanted]
    return Links(tuple(add), tuple(remove))


async def apply(client: Camunda7Client, id: str, links: Links) -> None:
    """One link, with one call. ConflictError if there are more: then the candidates have changed since they were read."""
    if links.count > 1:
        raise ConflictError("the candidates have changed meanwhile; read the task and try again")
    for link in links.add:
        await client.add_candidate(id, link)
    for link in links.remove:
        await client.remove_candidate(id, link)
