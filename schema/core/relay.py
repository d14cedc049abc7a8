"""Global ids, and the interface `Node` of everything that has one."""

import binascii
from base64 import b64decode, b64encode
from urllib.parse import quote, unquote

import strawberry
from msgspec import Struct

PERSON_MARK = "@"

# How many parts may follow the type: a linked person and a source have one, a comment its task and its own
# id besides, everything else a source and a native id.
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
    """Base64 of `Type:source:native`, the parts percent-encoded; `User:@key` and `Source:key` have one part."""

    type: str
    parts: tuple[str, ...]

    def encode(self) -> strawberry.ID:
        return global_id(self.type, *self.parts)


def global_id(type_name: str, *parts: str) -> strawberry.ID:
    text = ":".join((type_name, *(_quoted(part) for part in parts)))
    return strawberry.ID(b64encode(text.encode()).decode("ascii"))


def person_id(key: str) -> strawberry.ID:
    """The id of a person of the configuration."""
    return global_id("User", PERSON_MARK + key)


def decode(text: str) -> GlobalId | None:
    """None for whatever `encode` would not have written: one object has one spelling of its id."""
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
    """A leading mark of a person's key stays readable; anywhere else it is encoded like the rest."""
    if part.isascii() and part.isalnum():  # most ids; quote() would cost as much as the rest of the id
        return part
    if part.startswith(PERSON_MARK):
        return PERSON_MARK + quote(part[1:], safe="")
    return quote(part, safe="")


@strawberry.interface(description="Anything with a global id: `node(id)` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Global id, opaque, stable over requests. Never null.")
