"""How long what a source answers is kept, and how much of it."""

from pydantic import Field

from connectors.sdk.settings.section import Section


class CacheSettings(Section):
    """Of one source, in seconds: how long an answer counts as fresh, by what it is about.

    For `revalidate_seconds` more it is given at once, marked STALE, while a fresh one is fetched behind it; 0 lets
    askers wait instead. When the source fails, an answer is given, marked STALE, until it is `max_stale_seconds` old;
    0 gives the failure instead. What is fresh for 0 seconds is not kept at all. A write overtakes all of it at once.
    """

    list_seconds: float = Field(default=10.0, ge=0, le=3600, description="lists of tasks, and counts")
    detail_seconds: float = Field(default=10.0, ge=0, le=3600, description="a single task, its form, data and comments")
    flow_seconds: float = Field(default=10.0, ge=0, le=3600, description="flows and lists of them")
    directory_seconds: float = Field(default=300.0, ge=0, le=86_400, description="people, groups, task definitions")
    revalidate_seconds: float = Field(
        default=20.0, ge=0, le=3600, description="beyond fresh: given at once, marked STALE, and fetched again"
    )
    max_stale_seconds: float = Field(
        default=1800.0,
        ge=0,
        le=86_400,
        description="the greatest age at which a failing source's answer is still given",
    )
