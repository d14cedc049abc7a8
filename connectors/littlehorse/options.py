"""Vendor options of commands."""

from typing import Annotated

from msgspec import Meta

from connectors.sdk import Assign, Options, ValidationFailedError, parse_options


class AssignOptions(Options, frozen=True, rename="camel"):
    """`user_group` is the name of a group that the task gets besides the user."""

    user_group: Annotated[str, Meta(min_length=1)] | None = None


def assign_options(command: Assign) -> AssignOptions:
    """The options of an assignment; ValidationFailedError for `userGroup` without a user."""
    options = parse_options(command.options, AssignOptions)
    if options.user_group is not None and command.user_id is None:
        raise ValidationFailedError(
            "the option 'userGroup' needs a userId; to assign to a group only, use groupId",
            field=("options", "userGroup"),
        )
    return options
