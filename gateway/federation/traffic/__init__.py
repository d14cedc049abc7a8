"""Everything around an upstream request: who makes it, when it may be sent, and how it ended.

call_context        who calls, for which operation, with which priority and deadline; the one context variable
batches             what collects reads by id of several writes that travel together
operation_records   vendor records that the reads of one GraphQL operation share
priority            mutations before reads before background work
request_cost        what a GraphQL operation or a part of it cost: requests, waits, retries, refusals
admission           admission control of one source: puts the parts below together
permit              the right to send one request
queue               requests that wait for a permit
rate_limit/         rate limit windows, one or two per credential
concurrency         how many requests may run at once
circuit_breaker     stops requests to a source that fails
health_probe        checks in the background whether it is back
retry               which failed reads are sent again, and when
request_outcome     how a request ended, and what that says of the source
request_record      the same for logs and metrics
clock               the clocks, which tests replace
"""

from gateway.federation.traffic.admission import AdmissionControl
from gateway.federation.traffic.batches import Batches
from gateway.federation.traffic.call_context import CallContext, current_context, in_context
from gateway.federation.traffic.circuit_breaker import BreakerState
from gateway.federation.traffic.clock import Clock
from gateway.federation.traffic.operation_records import OperationRecords, SourceRecords
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit import RateLimitView
from gateway.federation.traffic.request_cost import RequestCost
from gateway.federation.traffic.request_outcome import OVERLOAD_STATUSES
from gateway.federation.traffic.request_record import Observe, UpstreamRequestRecord, ignore_record

__all__ = [
    "OVERLOAD_STATUSES",
    "AdmissionControl",
    "Batches",
    "BreakerState",
    "CallContext",
    "Clock",
    "Observe",
    "OperationRecords",
    "Priority",
    "RateLimitView",
    "RequestCost",
    "SourceRecords",
    "UpstreamRequestRecord",
    "current_context",
    "ignore_record",
    "in_context",
]
