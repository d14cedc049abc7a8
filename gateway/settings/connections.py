"""`[gateway.connections]`: what a client may use before it is known."""

from pydantic import Field

from connectors.sdk.settings import Section


class ConnectionLimits(Section):
    """`head_bytes` and `headers` bound the request line with all headers, `head_seconds` and `body_seconds` how long they may
    take to arrive, `answer_seconds` how long a client may leave an answer unread, `keep_alive_seconds` how long a connection may wait for its next request. `total` connections are open at
    most, `per_address` from one address; those of `[gateway] trusted_proxies` count in the total only.
    """

    head_bytes: int = Field(default=64 * 1024, ge=8 * 1024, le=1024 * 1024)
    headers: int = Field(default=100, ge=10, le=1_000)
    head_seconds: float = Field(default=10.0, gt=0, le=300)
    body_seconds: float = Field(default=30.0, gt=0, le=600)
    answer_seconds: float = Field(default=30.0, gt=0, le=600)
    keep_alive_seconds: int = Field(default=15, ge=1, le=600)
    total: int = Field(default=1_000, ge=10)
    per_address: int = Field(default=200, ge=1)
