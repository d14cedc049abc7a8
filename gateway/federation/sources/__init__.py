"""TODO."""

from gateway.federation.sources.caller_scope import Asker, acting_on, asker
from gateway.federation.sources.reader import SourceReader
from gateway.federation.sources.shared_call import flights
from gateway.federation.sources.source import Source, status_of

__all__ = ["Asker", "Source", "SourceReader", "acting_on", "asker", "flights", "status_of"]
