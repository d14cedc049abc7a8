"""The tracing that is configured."""

from typing import TYPE_CHECKING

from gateway.telemetry.port import NO_TRACING, Tracing

if TYPE_CHECKING:
    from gateway.telemetry.open_telemetry import OpenTelemetry

_NOT_INSTALLED = "gateway.traces: needs OpenTelemetry: pip install 'taskgate[otel]'"


def open_tracing(*, is_on: bool) -> Tracing:
    """OpenTelemetry is imported only if it `is_on`."""
    return _of_sdk()() if is_on else NO_TRACING


def tracing_fault(*, is_on: bool) -> str | None:
    """Why traces cannot be sent, in one line that names the key; None if they can, or are off."""
    if not is_on:
        return None
    try:
        _of_sdk()
    except ImportError:
        return _NOT_INSTALLED
    from gateway.telemetry.open_telemetry import exporters  # noqa: PLC0415 only where traces are on

    try:
        for exporter in exporters():
            exporter.shutdown()
    except ValueError as error:
        return f"gateway.traces: {error}"
    return None


def _of_sdk() -> "type[OpenTelemetry]":
    from gateway.telemetry.open_telemetry import OpenTelemetry  # noqa: PLC0415 only where traces are on

    return OpenTelemetry
