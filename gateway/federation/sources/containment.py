"""What a connector raises that is no ConnectorError: it becomes one, so that it stays in its source."""

import traceback
from collections.abc import Iterator

import structlog

from connectors.sdk.errors import BrokenError, ConnectorError

log = structlog.get_logger("taskgate.source")

UNEXPECTED = "its connector failed in a way that it should not; the gateway's log says where"
# Frames of a traceback that are logged: the last ones.
FRAMES = 20


class Containment:
    """Turns the exceptions of one source's connector into ConnectorErrors, and logs each fault once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._logged: set[tuple[str, str]] = set()

    def error_of(self, raised: Exception, operation: str, *, maybe_applied: bool = False) -> ConnectorError:
        """A ConnectorError as it is. Any other exception is a BrokenError without the exception's text.

        Of a group of ConnectorErrors the first stands for all.
        """
        known = [each for each in _leaves(raised) if isinstance(each, ConnectorError)]
        if known and len(known) == len(list(_leaves(raised))):
            return known[0].at(self._source, operation)
        self._log(raised, operation)
        return BrokenError(UNEXPECTED, maybe_applied=maybe_applied).at(self._source, operation)

    def _log(self, raised: Exception, operation: str) -> None:
        """Type and place only: the text, and the values of variables, may be what a vendor answered."""
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for each in _leaves(raised)
            for frame in traceback.extract_tb(each.__traceback__)[-FRAMES:]
        ]
        types = ", ".join(type(each).__name__ for each in _leaves(raised))
        fault = (types, frames[-1] if frames else "")
        if fault not in self._logged:
            self._logged.add(fault)
            log.error("unexpected exception", source=self._source, operation=operation, type=types, frames=frames)


def _leaves(raised: BaseException) -> Iterator[BaseException]:
    if isinstance(raised, BaseExceptionGroup):
        for each in raised.exceptions:
            yield from _leaves(each)
    else:
        yield raised
