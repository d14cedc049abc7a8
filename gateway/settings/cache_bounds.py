"""`[gateway.cache]`: how much the cache of all sources together may hold."""

from pydantic import Field

from connectors.sdk.settings import Section


class CacheBounds(Section):
    """Bytes are estimated. An answer larger than a quarter of `max_bytes` is not kept."""

    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024, description="bytes of answers kept, estimated")
    max_entries: int = Field(default=4096, ge=16, description="answers kept")
