"""Configured sources, and what each contributed to a list.

types.py         Source with its limits and cache; SourceResult, the report of a source on a list
capabilities.py  SourceCapability: whether and how a source supports a verb
connection.py    MergedConnection, from which the lists of all nouns are made
queries.py       `sources`
subscriptions.py `sourceStatusChanged`
"""

from schema.source.capabilities import SourceCapability
from schema.source.connection import MergedConnection
from schema.source.queries import SourceQueries
from schema.source.subscriptions import SourceSubscriptions
from schema.source.types import CacheInfo, RateLimitBucket, Source, SourceResult, all_sources

__all__ = [
    "CacheInfo",
    "MergedConnection",
    "RateLimitBucket",
    "Source",
    "SourceCapability",
    "SourceQueries",
    "SourceResult",
    "SourceSubscriptions",
    "all_sources",
]
