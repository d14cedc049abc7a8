"""Global ids, and Node, the interface of everything that has one."""

import binascii
from base64 import b64decode, b64encode
from functools import lru_cache
from urllib.parse import quote, unquote

import strawberry
from msgspec import Struct

PERSON_MARK = "@"

# Numbers of parts after the type. One: key of a person, key of a source. Two: source and native id.
# Three: source, native id of the task, native id of the comment.
_PARTS = {
    "Task": (2,),
    "Flow": (2,),
    "User": (1, 2),
    "Group": (2,),
    "Source": (1,),
    "TaskDefinition": (2,),
    "FlowDefinition": (2,),
    "Comment": (3,),
}


class GlobalId(Struct, frozen=True):
    """Base64 of `Type:part:part`, parts percent-encoded. See _PARTS; `User:@key` is a person with a key."""

    type: str
    parts: tuple[str, ...]

    def encode(self) -> strawberry.ID:
        return global_id(self.type, *self.parts)


@lru_cache(maxsize=16_384)
def global_id(type_name: str, *parts: str) -> strawberry.ID:
    text = ":".join((type_name, *(_quoted(part) for part in parts)))
    return strawberry.ID(b64encode(text.encode()).decode("ascii"))


def person_id(key: str) -> strawberry.ID:
    """The global id of a person with a key."""
    return global_id("User", PERSON_MARK + key)


def decode(text: str) -> GlobalId | None:
    """None for a text that `encode` does not produce: every object has exactly one spelling of its id."""
    try:
        type_name, *parts = b64decode(text, validate=True).decode().split(":")
        found = GlobalId(type_name, tuple(unquote(part, errors="strict") for part in parts))
    except (binascii.Error, ValueError):
        return None
    if len(found.parts) not in _PARTS.get(found.type, ()) or not all(found.parts) or found.encode() != text:
        return None
    is_key = found.parts[0].startswith(PERSON_MARK)
    return found if is_key == (found.type == "User" and len(found.parts) == 1) else None


def _quoted(part: str) -> str:
    """Percent-encode a part, except the `@` before a person's key."""
    if part.isascii() and part.isalnum():  # most ids; quote() takes as long as the rest of the encoding
        return part
    if part.startswith(PERSON_MARK):
        return PERSON_MARK + quote(part[1:], safe="")
    return quote(part, safe="")


@strawberry.interface(description="An object with a global id. `node(id:)` finds it by that id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Global id: opaque, unique over all types, the same in every request."
    )
