"""How long the answers of a source are kept."""

from pydantic import Field

from connectors.sdk.settings.section import Section


class CacheSettings(Section):
    """How many seconds an answer of one source is fresh, by what it is about; 0 means that it is not kept.

    For `revalidate_seconds` more it is returned at once and fetched again in the background; with 0 the request waits for
    the fetch instead. While the source fails, an answer up to `max_stale_seconds` old is returned, marked STALE; with 0
    the request fails instead. After a write, answers that it touched are returned in that last case only.
    """

    list_seconds: float = Field(default=10.0, ge=0, le=3600, description="lists of tasks, and counts")
    detail_seconds: float = Field(default=10.0, ge=0, le=3600, description="a single task, its form, data and comments")
    flow_seconds: float = Field(default=10.0, ge=0, le=3600, description="flows and lists of them")
    directory_seconds: float = Field(default=300.0, ge=0, le=86_400, description="people, groups, task definitions")
    revalidate_seconds: float = Field(
        default=20.0, ge=0, le=3600, description="after it was fresh: returned at once, and fetched again"
    )
    max_stale_seconds: float = Field(
        default=1800.0,
        ge=0,
        le=86_400,
        description="the greatest age of an answer that is returned, marked STALE, while the source fails",
    )
