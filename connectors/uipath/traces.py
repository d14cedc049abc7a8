"""What UiPath's records and the activities of a task tell afterwards of a write."""

from connectors.sdk import (
    ActivityType,
    Complete,
    DeleteTask,
    Release,
    SaveDraft,
    Traces,
    Unassign,
)

# A form may store values in another form than it got them, so that other data say nothing.
TRACES = Traces(
    entries={
        Release: frozenset({ActivityType.UNASSIGNED}),
        Unassign: frozenset({ActivityType.UNASSIGNED}),
        SaveDraft: frozenset({ActivityType.SAVED}),
        Complete: frozenset({ActivityType.COMPLETED}),
        DeleteTask: frozenset({ActivityType.DELETED}),
    },
    comments=True,
    names_completer=True,
    shows_outcome=True,
    keeps_outcome=True,
    shows_data=True,
    ends_once=True,
)
