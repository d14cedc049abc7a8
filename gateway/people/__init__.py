"""Who the people are, and which accounts of the sources are theirs.

port         `People`, the port: what the rest of the gateway knows about people; `SignedIn`, the person of a token
configured   `ConfiguredPeople`: people of `[[people]]`; only the composition names it
"""

from gateway.people.port import People, SignedIn

__all__ = ["People", "SignedIn"]
