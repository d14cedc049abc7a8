"""The configured sources, as the rest of the gateway uses them.

source                one source: its connector behind admission control
by_key                what holds of the source that now has a key
live_sources          all of them, also after a reload
reader                reads of a source through the cache
batch                 single reads that become one call
account               looks at the source's own account from time to time
containment           unexpected exceptions of a connector
status                how it fared lately, and how a failing read shows
action_capabilities   what it can do, by action of the graph
caller_scope          credential scope and authority, for sources that see the person
links                 who people are in a source, looked up where it is not known
wrong_address         a vendor that has nothing where its lists should be
flight_context        the call context of a single flight
"""

from gateway.federation.sources.batch import FetchMany
from gateway.federation.sources.by_key import scopes_of, systems_of
from gateway.federation.sources.flight_context import flight_context
from gateway.federation.sources.links import Links
from gateway.federation.sources.live_sources import LiveSources
from gateway.federation.sources.reader import SourceReader, fresh_seconds
from gateway.federation.sources.source import SHORT_WAIT, Source
from gateway.federation.sources.status import status_of
from gateway.federation.sources.wrong_address import of_address

__all__ = [
    "SHORT_WAIT",
    "FetchMany",
    "Links",
    "LiveSources",
    "Source",
    "SourceReader",
    "flight_context",
    "fresh_seconds",
    "of_address",
    "scopes_of",
    "status_of",
    "systems_of",
]
