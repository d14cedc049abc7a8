"""Who the people are, and which accounts of the sources are theirs.

port         `People`, the port: what the rest of the gateway knows about people
configured   `ConfiguredPeople`: people of `[[people]]`; only the composition names it
"""

from gateway.people.port import People

__all__ = ["People"]
