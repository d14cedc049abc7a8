"""A short hash of values: equal for equal values, in every process."""

import hashlib

import msgspec
from msgspec import Struct


def fingerprint(*parts: object) -> str:
    """A short hash of everything that decides an answer, for example which rows a list has and how they are sorted."""
    return hashlib.blake2b(msgspec.json.encode([_canonical(part) for part in parts]), digest_size=9).hexdigest()


def _canonical(value: object) -> object:
    """JSON that is the same for equal values: sets have no order of their own."""
    match value:
        case Struct():
            members = ((name, getattr(value, name)) for name in value.__struct_fields__)
            return [type(value).__name__, {name: _canonical(member) for name, member in members if member is not None}]
        case frozenset():
            return sorted((_canonical(member) for member in value), key=repr)
        case tuple():
            return [_canonical(member) for member in value]
        case _:
            return value
