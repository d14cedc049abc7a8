"""One log line for each upstream request."""

import structlog

from gateway.federation.traffic import Exchange

log = structlog.get_logger("taskgate.upstream")


def log_exchange(exchange: Exchange) -> None:
    """Source, purpose and result. Never a URL (it may hold ids), a header or a body."""
    log.info(
        "upstream call" if exchange.sent else "upstream call refused here",
        source=exchange.source,
        operation=exchange.operation,
        write=exchange.is_write,
        priority=exchange.priority.name,
        outcome=exchange.outcome,
        status=exchange.status,
        ms=round(exchange.seconds * 1000, 1),
        waited_ms=round(exchange.waited * 1000, 1),
    )
