"""Entity tags of answers (RFC 9110, 8.8.3): by them a client that asks again is told that nothing changed."""

import hashlib
import re

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def entity_tag(media: str, data: bytes) -> str:
    """Weak: two answers with the same data differ in their request ids and costs, and in compression."""
    digest = hashlib.blake2b(data, digest_size=16, person=hashlib.blake2b(media.encode(), digest_size=16).digest())
    return f'W/"{digest.hexdigest()}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has the answer with this tag, by its `If-None-Match`."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(if_none_match)
