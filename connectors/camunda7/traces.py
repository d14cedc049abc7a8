"""What the engine's records and its operation log tell afterwards of a write."""

from connectors.camunda7 import wire
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    ActivityType,
    BasicCredentials,
    Complete,
    OAuthCredentials,
    Release,
    SaveDraft,
    Task,
    Traces,
    Unassign,
    Update,
    decode_record,
)


def was_delegated(task: Task) -> bool:
    """A form that is sent to a delegated task stores its data and gives the task back."""
    found = None if task.payload is None else decode_record(task.payload, wire.HistoricTask).record
    return found is not None and found.owner is not None


# The log has entries only with authentication in the engine. A process may change its variables after a completion, so that
# other values, and another value of the outcome's variable, say nothing.
TRACES = Traces(
    entries={
        Release: frozenset({ActivityType.UNASSIGNED}),
        Unassign: frozenset({ActivityType.UNASSIGNED}),
        Update: frozenset({ActivityType.UPDATED}),
        SaveDraft: frozenset({ActivityType.SAVED}),
        Complete: frozenset({ActivityType.COMPLETED}),
    },
    comments=True,
    names_completer=True,
    shows_outcome=True,
    outcome_in_data=True,
    shows_data=True,
    may_have_data_of_another=was_delegated,
    ends_once=True,
)


def account_of(settings: Camunda7Settings) -> str | None:
    """The log names a user by its id; what a bearer token stands for is not known."""
    match settings.credentials:
        case BasicCredentials(username=user):
            return user
        case OAuthCredentials(client_id=client):
            return client
        case _:
            return None
