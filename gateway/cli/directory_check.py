"""Whether the rules of a source can link people, for `taskgate check`: its directory, and what the directory does not know."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.sdk.connector import Connector
    from connectors.sdk.model import Group
    from connectors.sdk.names import NameKey
    from connectors.sdk.settings import SourceSettings
    from gateway.people import DirectoryRecord
    from gateway.settings import Settings

# Names that are printed of each kind.
MOST_NAMES = 20


async def directory_row(
    settings: "Settings", section: "SourceSettings", connector: "Connector[Any]"
) -> tuple[str, str, str, str] | None:
    """A row of the table of directories; None for a source without one that matters."""
    from connectors.sdk.connector_info import Listing
    from connectors.sdk.errors import ConnectorError
    from gateway.inspection import directory_scan
    from gateway.people import SourceRules

    rules = SourceRules.of(connector)
    is_named = any(section.key in person.identities for person in settings.people)
    if Listing.USERS not in connector.info.listings or not (rules.needs_directory or is_named):
        return None
    told = _told(section)
    try:
        scan = directory_scan(connector)
        record = await scan(section.key, with_groups=rules.has_directory_groups, is_awaited=lambda: True)
        lists_groups = Listing.GROUPS in connector.info.listings
        groups = _names(await scan.groups(section.key)) if lists_groups else set()
    except ConnectorError as error:
        return section.key, told, error.code if rules.needs_directory else "UNREAD", error.message
    status = "OK" if record.is_whole or not rules.needs_directory else "NOT WHOLE"
    return section.key, told, status, "; ".join(_found(settings, section, record, groups))


def _told(section: "SourceSettings") -> str:
    """The rules as they are configured."""
    told = section.people.model_dump(exclude_defaults=True, exclude={"group_names"})
    return ", ".join(f"{name} = {value}" for name, value in told.items()) or "people.identities"


def _found(
    settings: "Settings", section: "SourceSettings", record: "DirectoryRecord", groups: "set[NameKey]"
) -> Iterable[str]:
    in_use = [account for account in record.accounts if account.is_active is not False and not account.is_service]
    yield f"{len(in_use)} accounts in use, {sum(account.email is not None for account in in_use)} with a mail address"
    if not record.is_whole:
        yield "some accounts or memberships are missing, so mail addresses link no one"
    ids = {account.native_id for account in record.accounts}
    unknown = [
        f"{person.key} ({identity.id})"
        for person in settings.people
        if (identity := person.identities.get(section.key)) is not None and identity.id not in ids
    ]
    if unknown and not record.accounts:
        yield "the directory is empty: whether configured people are there cannot be told"
    elif unknown:
        yield f"does not know the people {_listed(unknown)}"
    wanted = dict.fromkeys(
        group
        for person in settings.people
        if (identity := person.identities.get(section.key)) is not None
        for group in (person.groups if identity.groups is None else identity.groups)
    ) | dict.fromkeys(section.people.group_names.values())
    from connectors.sdk.names import name_key

    missing = [group for group in wanted if group not in groups and name_key(group) not in groups]
    if missing and groups:
        yield f"does not know the groups {_listed(missing)}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _names(groups: "Iterable[Group]") -> "set[NameKey]":
    """Ids as they are, and names in small letters: tasks are matched so."""
    from connectors.sdk.names import name_key

    ids: set[NameKey] = {group.native_id for group in groups}
    return ids | {name_key(name) for group in groups for name in (group.name, *group.aliases)}
