"""Traces: one span for each request to the gateway, and one for each upstream request.

port            `Tracing`: what the gateway tells of its requests; `NO_TRACING` tells nothing
open_telemetry  `OpenTelemetry`: spans of the OpenTelemetry SDK. Imported only where traces are switched on
opening         `open_tracing`: the one that is configured; `tracing_fault`: why it cannot be
"""

from gateway.telemetry.opening import open_tracing, tracing_fault
from gateway.telemetry.port import NO_SPAN, NO_TRACING, CallSpan, CallTracer, RequestSpan, Tracing

__all__ = [
    "NO_SPAN",
    "NO_TRACING",
    "CallSpan",
    "CallTracer",
    "RequestSpan",
    "Tracing",
    "open_tracing",
    "tracing_fault",
]
