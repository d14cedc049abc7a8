"""Options of commands: what this vendor accepts beyond the arguments that all vendors share."""

from typing import Annotated

from msgspec import Meta

from connectors.camunda.mapping import changeset_of
from connectors.camunda.settings import CamundaOptions
from connectors.sdk import Assign, Complete, Options, TaskCommand, Update, ValidationFailedError, parse_options

Text = Annotated[str, Meta(min_length=1)]


class ActionOptions(Options, frozen=True, kw_only=True):
    """For Assign and Update. `action` is the name of the event that task listeners see; the engine's own by default.

    An update may consist of it alone.
    """

    action: Text | None = None


class StartFlowOptions(Options, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """For StartFlow; encoded, they are members of the request. `tenant_id` is for clusters with tenants."""

    tags: Annotated[tuple[Text, ...], Meta(min_length=1)] | None = None
    tenant_id: Text | None = None


class StartFlowOptionsFrom89(StartFlowOptions, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """For StartFlow from server 8.9. `business_id` links the process instance to a business object."""

    business_id: Text | None = None


def start_flow_options(options: CamundaOptions) -> type[StartFlowOptions]:
    """The options that the configured server has."""
    return StartFlowOptionsFrom89 if options.minor >= 9 else StartFlowOptions


def check_arguments(command: TaskCommand, options: CamundaOptions) -> None:
    """ValidationFailedError for what the engine takes for no task."""
    match command:
        case Update():
            changeset = changeset_of(command, options.priority)
            if not changeset and parse_options(command.options, ActionOptions).action is None:
                raise ValidationFailedError("names nothing to change")
        case Assign(group_id=None):
            parse_options(command.options, ActionOptions)
            if not command.user_id:
                raise ValidationFailedError("names no user to assign to", field=("userId",))
        case Assign():
            parse_options(command.options, ActionOptions)
        case Complete() if command.comment:
            raise ValidationFailedError("Camunda 8 cannot store a comment with a completion", field=("comment",))
