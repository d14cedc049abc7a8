"""TODO."""

from connectors.sdk.http.admission import NO_HEADERS, AdmissionControl, Permit
from connectors.sdk.http.authority import Authority
from connectors.sdk.http.body import STEP, CorruptBodyError, TooLargeError, read_bounded
from connectors.sdk.http.call import RequestCounter, UpstreamCall, current_call, in_call
from connectors.sdk.http.credentials import Credentials, Exchange, FixedHeaders, Token, TokenCredentials, from_settings
from connectors.sdk.http.retry_after import LONGEST, retry_at
from connectors.sdk.http.token_exchange import TokenExchange, ViewerToken
from connectors.sdk.http.upstream import Answer, Upstream, error_from_status

__all__ = [
    "LONGEST",
    "NO_HEADERS",
    "STEP",
    "AdmissionControl",
    "Answer",
    "Authority",
    "CorruptBodyError",
    "Credentials",
    "Exchange",
    "FixedHeaders",
    "Permit",
    "RequestCounter",
    "Token",
    "TokenCredentials",
    "TokenExchange",
    "TooLargeError",
    "Upstream",
    "UpstreamCall",
    "ViewerToken",
    "current_call",
    "error_from_status",
    "from_settings",
    "in_call",
    "read_bounded",
    "retry_at",
]
