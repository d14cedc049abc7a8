"""`[gateway]`: what holds for the process and not for one source."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk.settings import Section
from gateway.settings.admission import AdmissionSettings
from gateway.settings.cache_bounds import CacheBounds
from gateway.settings.callers import CallersSettings
from gateway.settings.connections import ConnectionLimits
from gateway.settings.documents import DocumentsSettings
from gateway.settings.fast_paths import FastPaths
from gateway.settings.live import LiveSettings
from gateway.settings.subgraph import SubgraphSettings
from schema.core.limits import DocumentLimits

_ORIGIN = re.compile(r"\*|https?://[^\s/?#@]+")

_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("must be an origin such as https://dashboard.example.com, without a path, or *")
    return value


def _embedder(value: str) -> str:
    # A character of another meaning in a policy would end the list.
    if value == "*" or re.search(r"[;,'\"\\]", value):
        raise ValueError("must be an origin such as https://portal.example.com, without a path")
    return _origin(value)


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError("must be the name of a header, such as X-Client")
    return value


def _is_network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError("must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8") from None
    return text


Origin = Annotated[str, AfterValidator(_origin)]
HeaderName = Annotated[str, AfterValidator(_header)]

# Bytes below which a secret that signs can be found by trying.
_SHORTEST_SECRET = 16


def _signing(value: SecretStr) -> SecretStr:
    length = len(value.get_secret_value().strip().encode())
    if not length:
        raise ValueError("is empty")
    if length < _SHORTEST_SECRET:
        raise ValueError(f"is shorter than {_SHORTEST_SECRET} bytes; `openssl rand -base64 32` makes one")
    return value


class GatewaySettings(Section):
    """`secret` signs cursors; 16 bytes or more. `journal` is the SQLite file of writes. `max_body_bytes` bounds one HTTP request.

    `introspection`, `graphiql`, `inbox` (the page at `/`) and `suggestions` (of names, in errors) are None by default: the profile decides.
    `incremental`: @defer and @stream are served.
    `inbox_style` is a style sheet that the inbox page loads after its own; pages of `inbox_embedders` may show it in a frame.
    `query_deadline` and `mutation_deadline` are the seconds that one GraphQL operation may wait for its sources. One with
    `bulkTaskAction` may wait `bulk_deadline` seconds longer, and each bulk action takes that long at most.
    `log_level`: log lines from this level on, unless the command says otherwise. `audit` is the file of audit lines; without it they are lines of the log.
    `cors_headers` may pages of `cors_origins` send beside the usual ones, `cors_exposed_headers` may they read.
    `traces`: spans are sent as the `OTEL_*` environment variables say.
    `trusted_proxies` are the addresses and networks whose `X-Forwarded-*` headers are believed.
    """

    secret: Annotated[SecretStr, AfterValidator(_signing)] | None = None
    journal: Path
    audit: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    profile: Literal["development", "production"] = "development"
    cors_origins: tuple[Origin, ...] = ()
    cors_headers: tuple[HeaderName, ...] = ()
    cors_exposed_headers: tuple[HeaderName, ...] = ()
    max_body_bytes: int = Field(default=256 * 1024, ge=1024, le=16 * 1024 * 1024)
    introspection: bool | None = None
    graphiql: bool | None = None
    inbox: bool | None = None
    inbox_style: Path | None = None
    inbox_embedders: tuple[Annotated[str, AfterValidator(_embedder)], ...] = ()
    suggestions: bool | None = None
    incremental: bool = True
    metrics: bool = True
    traces: bool = False
    query_deadline: float = Field(default=10.0, gt=0, le=300)
    mutation_deadline: float = Field(default=60.0, gt=0, le=300)
    bulk_deadline: float = Field(default=300.0, gt=0, le=3_600)
    callers: CallersSettings = CallersSettings()
    documents: DocumentsSettings = DocumentsSettings()
    subgraph: SubgraphSettings = SubgraphSettings()
    admission: AdmissionSettings = AdmissionSettings()
    limits: DocumentLimits = DocumentLimits()
    # What a client may use before it is known.
    connections: ConnectionLimits = ConnectionLimits()
    trusted_proxies: tuple[Annotated[str, AfterValidator(_is_network)], ...] = ()

    cache: CacheBounds = CacheBounds()
    live: LiveSettings = LiveSettings()
    fast_paths: FastPaths = FastPaths()

    def offers(self, what: Literal["introspection", "graphiql", "inbox", "suggestions"]) -> bool:
        """The configured value, or without one: on in development, off in production."""
        chosen: bool | None = getattr(self, what)
        return self.profile == "development" if chosen is None else chosen
