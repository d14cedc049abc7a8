"""One log line for each upstream request."""

import structlog

from gateway.federation.traffic import UpstreamRequestRecord

log = structlog.get_logger("taskgate.upstream")


def log_upstream_request(record: UpstreamRequestRecord) -> None:
    """Source, operation and outcome. Never a URL (it may hold ids), a header or a body."""
    log.info(
        "upstream call" if record.sent else "upstream call refused by the gateway",
        source=record.source,
        operation=record.operation,
        write=record.is_write,
        priority=record.priority.name,
        outcome=record.outcome,
        status=record.status,
        ms=round(record.seconds * 1000, 1),
        waited_ms=round(record.waited * 1000, 1),
    )
