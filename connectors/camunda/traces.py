"""What Camunda's records and its audit log tell afterwards of a write."""

from connectors.camunda.settings import CamundaSettings
from connectors.sdk import (
    ActivityType,
    BasicCredentials,
    Complete,
    OAuthCredentials,
    Release,
    Traces,
    Unassign,
    Update,
)

# The cluster records operations of clients only if it is told to. The process may change its variables after a completion,
# so that other values, and another value of the outcome's variable, say nothing.
TRACES = Traces(
    entries={
        Release: frozenset({ActivityType.UNASSIGNED}),
        Unassign: frozenset({ActivityType.UNASSIGNED}),
        Update: frozenset({ActivityType.UPDATED}),
        Complete: frozenset({ActivityType.COMPLETED}),
    },
    shows_outcome=True,
    shows_data=True,
    ends_once=True,
)


def account_of(settings: CamundaSettings) -> str | None:
    """The audit log names a client by its id and a user by the user name; what a bearer token stands for is not known.

    None where the source acts as the person: a client that exchanges tokens does nothing itself.
    """
    if settings.acts_as != "service":
        return None
    match settings.credentials:
        case OAuthCredentials(client_id=client):
            return client
        case BasicCredentials(username=user):
            return user
        case _:
            return None
