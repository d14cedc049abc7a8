"""The kernel's searches, and the bookmarks with which a search continues."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.littlehorse.records import Place, TaskRun


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """Conditions that must all hold. None does not filter; both time bounds are inclusive."""

    definition: str | None = None
    status: str | None = None
    user: str | None = None
    group: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    def matches(self, task: TaskRun) -> bool:
        return (
            self.definition in (None, task.definition)
            and self.status in (None, task.status)
            and self.user in (None, task.user)
            and self.group in (None, task.group)
            and (self.earliest is None or self.earliest <= task.scheduled_at)
            and (self.latest is None or task.scheduled_at <= self.latest)
        )

    def key_of(self, place: Place) -> str:
        """Return the key of a task in the kernel's index for these conditions."""
        named = (
            ("status", self.status),
            ("userTaskDefName", self.definition),
            ("userId", self.user),
            ("userGroup", self.group),
        )
        index = "".join(f"__{name}_{value}" for name, value in named if value is not None)
        return f"12/{index}/{'/'.join(map(str, place))}"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Partitions that were read to their end, and the next key in the one that was not. A protobuf message."""

    done: frozenset[int] = frozenset()
    partition: int | None = None
    next_key: str = ""

    def text(self) -> str:
        message = b""
        if self.partition is not None:
            inner = (b"" if self.partition == 0 else b"\x08" + _varint(self.partition)) + _bytes(
                2, self.next_key.encode()
            )
            message += _bytes(1, b"\x08" + _varint(self.partition) + _bytes(2, inner))
        if self.done:
            message += _bytes(2, b"".join(map(_varint, sorted(self.done))))
        return base64.b64encode(message).decode()

    @classmethod
    def parse(cls, text: str | None) -> "Bookmark":
        """Return the place; the start if there is no bookmark or it cannot be read."""
        try:
            members = list(_members(base64.b64decode(text or "", validate=True)))
            done = frozenset(value for number, each in members if number == 2 for value in each)
            for number, entry in members:
                if number == 1:
                    shown = dict(_members(entry))
                    inner = dict(_members(shown[2]))
                    return cls(done, _number(shown.get(1, b"\0")), bytes(inner[2]).decode())
            return cls(done)
        except (binascii.Error, ValueError, KeyError, IndexError):
            return cls()

    def place(self) -> Place | None:
        """Return the place of the next task in its partition; None: the partition is read from its start."""
        parts = self.next_key.rsplit("/", 3)
        return (int(parts[1]), parts[2], parts[3]) if len(parts) == 4 and parts[1].isdigit() else None


def names_page(names: Sequence[str], limit: int, bookmark: str | None) -> tuple[list[str], str | None]:
    """Return a page of sorted names, and the bookmark of the next page (None after the last)."""
    after = Bookmark.parse(bookmark).next_key.removeprefix("10/").rpartition("/")[0]
    rest = [name for name in names if name >= after]
    if len(rest) <= limit or limit == 0:
        return rest[:limit], None
    return rest[:limit], Bookmark(partition=0, next_key=f"10/{rest[limit]}/00000").text()


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _bytes(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _number(content: bytes) -> int:
    found = 0
    for each in reversed(content):
        found = found << 7 | each & 127
    return found


def _members(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Return the members of a message by their numbers, as bytes. ValueError for what is none."""
    place = 0
    while place < len(message):
        kind, place = message[place], place + 1
        begin = place
        while message[place] & 128:
            place += 1
        place += 1
        if kind & 7 == 0:
            yield kind >> 3, message[begin:place]
            continue
        length = _number(message[begin:place])
        if kind & 7 != 2 or place + length > len(message):
            raise ValueError("no message")
        yield kind >> 3, message[place : place + length]
        place += length
