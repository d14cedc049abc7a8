"""What the bridge's records and events tell afterwards of a write. Events of assignments name no actor."""

from connectors.sdk import ActivityType, Complete, Traces

# A record names its owner, who need not be the one who completed the task; only the event does. Results of a task that is
# done never change, and the outcome is one of them.
TRACES = Traces(
    entries={Complete: frozenset({ActivityType.COMPLETED})},
    comments=True,
    shows_outcome=True,
    keeps_outcome=True,
    outcome_in_data=True,
    shows_data=True,
    keeps_data=True,
    ends_once=True,
)
