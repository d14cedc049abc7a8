"""How many requests a vendor accepts, so that it never has to refuse one.

window          requests counted over a sliding window, for one credential
credentials     the windows of one source: reads and writes, for each credential
headers         what a vendor's headers say about its limits
adaptive        a limit learned from 429 answers, where the vendor names none
write_reserve   the share of a window kept for mutations
"""

from gateway.federation.traffic.rate_limit.credentials import CredentialWindows, WindowPair
from gateway.federation.traffic.rate_limit.headers import RateLimitHeaders, read_rate_limit_headers, read_retry_after
from gateway.federation.traffic.rate_limit.window import RateLimitView, RateLimitWindow, WindowSlot

__all__ = [
    "CredentialWindows",
    "RateLimitHeaders",
    "RateLimitView",
    "RateLimitWindow",
    "WindowPair",
    "WindowSlot",
    "read_rate_limit_headers",
    "read_retry_after",
]
