"""Requests to a vendor: one HTTP client per source, with credentials and bounds.

upstream          sends requests to one origin, and the error for a status
answer            an answer with its complete body
status_error      what the status of an answer means where the vendor says nothing else
success           what a vendor documents as the answer to an applied write
credentials       headers that prove who we are; tokens are fetched and renewed
token             tokens as an issuer gives them, checked
token_exchange    credentials of the caller: the caller's own token, or one in exchange for it (RFC 8693)
direct_reads      reads from one origin over connections of our own
read_connection   one of these connections
call              the current call: what is counted, and for whom; records that an operation reads once
authority         the caller, for sources that act as the caller
admission         the interface of the gateway's admission control
no_cookies        the client keeps no cookies
body              response bodies, with a bound on their decoded size
network           connections of the HTTP client, and the certificates that it trusts
public_address    connections to servers that an answer names: to public addresses only
retry_after       the Retry-After header
unreached         why no connection was made, in words
vendor_text       what a message may repeat of a vendor's own text
"""

from connectors.sdk.http.admission import NO_HEADERS, AdmissionControl, Permit
from connectors.sdk.http.answer import Answer
from connectors.sdk.http.authority import Authority
from connectors.sdk.http.body import STEP, CorruptBodyError, TooLargeError, read_bounded
from connectors.sdk.http.call import RequestCounter, SharedRecords, UpstreamCall, current_call, in_call, read_once
from connectors.sdk.http.credentials import (
    AnyCredentials,
    Credentials,
    Exchange,
    FixedHeaders,
    TokenCredentials,
    from_settings,
)
from connectors.sdk.http.network import Transport
from connectors.sdk.http.no_cookies import NoCookies
from connectors.sdk.http.public_address import PublicAddresses, origin_of, resolved
from connectors.sdk.http.retry_after import LONGEST, retry_at
from connectors.sdk.http.status_error import error_from_status
from connectors.sdk.http.success import JSON_CREATED, JSON_OK, NO_CONTENT, Success, is_json, is_json_object
from connectors.sdk.http.token import Token, received_token, token_of, use_of
from connectors.sdk.http.token_exchange import TokenExchange, ViewerToken, acting_credentials
from connectors.sdk.http.unreached import why_unreached
from connectors.sdk.http.upstream import Upstream
from connectors.sdk.http.vendor_text import vendor_code, vendor_text

__all__ = [
    "JSON_CREATED",
    "JSON_OK",
    "LONGEST",
    "NO_CONTENT",
    "NO_HEADERS",
    "STEP",
    "AdmissionControl",
    "Answer",
    "AnyCredentials",
    "Authority",
    "CorruptBodyError",
    "Credentials",
    "Exchange",
    "FixedHeaders",
    "NoCookies",
    "Permit",
    "PublicAddresses",
    "RequestCounter",
    "SharedRecords",
    "Success",
    "Token",
    "TokenCredentials",
    "TokenExchange",
    "TooLargeError",
    "Transport",
    "Upstream",
    "UpstreamCall",
    "ViewerToken",
    "acting_credentials",
    "current_call",
    "error_from_status",
    "from_settings",
    "in_call",
    "is_json",
    "is_json_object",
    "origin_of",
    "read_bounded",
    "read_once",
    "received_token",
    "resolved",
    "retry_at",
    "token_of",
    "use_of",
    "vendor_code",
    "vendor_text",
    "why_unreached",
]
