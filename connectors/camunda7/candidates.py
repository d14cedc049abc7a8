"""Changes of candidates. The engine takes one user or group a call, so a change is several calls."""

from collections.abc import Sequence

from msgspec import Struct

from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.mapping import Candidates
from connectors.sdk import ConnectorError, Update, UpdateField


class Links(Struct, frozen=True):
    """The links that a change adds and removes."""

    add: tuple[dict[str, object], ...] = ()
    remove: tuple[dict[str, object], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)


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


async def apply(client: Camunda7Client, id: str, links: Links, *, has_begun: bool = False) -> None:
    """New links first, so that the task is never without candidates meanwhile.

    A failure after the first call says that the change may be applied: a part of it is.
    """
    try:
        for link in links.add:
            await client.add_candidate(id, link)
            has_begun = True
        for link in links.remove:
            await client.remove_candidate(id, link)
            has_begun = True
    except ConnectorError as error:
        error.maybe_applied = error.maybe_applied or has_begun
        raise
