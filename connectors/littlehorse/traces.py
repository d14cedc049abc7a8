"""What the bridge's records tell afterwards of a write. Events name no actor, except those of comments."""

from msgspec.structs import replace

from connectors.sdk import Traces

# The kernel makes the one who completes a task its owner, and a task that is done takes no other. Its results never change,
# and the outcome is one of them.
TRACES = Traces(
    comments=True,
    names_completer=True,
    shows_outcome=True,
    keeps_outcome=True,
    outcome_in_data=True,
    shows_data=True,
    keeps_data=True,
    ends_once=True,
)
# Without an identity adapter `/userInfo` does not tell who the account is, so that its name is one that cannot be placed.
WITHOUT_DIRECTORY = replace(TRACES, names_completer=False)
