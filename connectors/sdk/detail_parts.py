"""The aspects of a task's detail, each read alone."""

from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.model import DetailAspect

T = TypeVar("T")


class DetailParts:
    """An aspect whose answer does not fit the vendor's documentation fails alone: it goes to `failures`."""

    def __init__(self, aspects: AbstractSet[DetailAspect]) -> None:
        self._aspects = aspects
        self._failures: dict[DetailAspect, ConnectorError] = {}

    def failures(self) -> Mapping[DetailAspect, ConnectorError]:
        """For `TaskDetail.failures`, once all aspects are read. Raises the failure if not one aspect could be read."""
        if self._failures.keys() == self._aspects:
            for failure in self._failures.values():
                raise failure
        return dict(self._failures)

    async def read(self, aspect: DetailAspect, call: Callable[[], Awaitable[T]]) -> T | None:
        """None unless the aspect is asked for. A ConnectorError other than MalformedResponseError is raised."""
        if aspect not in self._aspects:
            return None
        try:
            return await call()
        except MalformedResponseError as error:
            self._failures[aspect] = error
            return None

    async def shared(self, aspects: AbstractSet[DetailAspect], call: Callable[[], Awaitable[T]]) -> T | None:
        """An answer that several aspects are made of. None if it does not fit; then all of them that are asked for fail."""
        try:
            return await call()
        except MalformedResponseError as error:
            self._failures.update(dict.fromkeys(aspects & self._aspects, error))
            return None

    def make(self, aspect: DetailAspect, call: Callable[[], T]) -> T | None:
        """As `read`, from an answer that is here."""
        if aspect not in self._aspects:
            return None
        try:
            return call()
        except MalformedResponseError as error:
            self._failures[aspect] = error
            return None
