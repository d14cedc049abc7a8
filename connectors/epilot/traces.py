"""What epilot's records tell afterwards of a write: who began, paused, skipped or completed a task last, and when."""

from connectors.sdk import ActivityType, Complete, Skip, Start, Suspend, Traces

# A task that has ended can be opened again, so an end disproves nothing.
TRACES = Traces(
    entries={
        Start: frozenset({ActivityType.STARTED}),
        Suspend: frozenset({ActivityType.SUSPENDED}),
        Skip: frozenset({ActivityType.SKIPPED}),
        Complete: frozenset({ActivityType.COMPLETED}),
    },
    names_completer=True,
    shows_outcome=True,
)
