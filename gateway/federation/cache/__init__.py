"""Answers of vendors, shared among the callers who may see them: bounded, invalidated by writes, kept for failures.

fingerprint     a short hash of values
key             names an answer: source, question and credential scope
tags            what an answer is about, and what a write touches
invalidation    a write on its way, and what it does to answers
size            how much memory an answer takes, estimated
parts           what an operation was answered from
result          what a reader gets, and what an operator sees
lru             the kept answers, bounded in bytes and entries
flight          one call that several readers may wait for
cache           single flight; fresh answers, refreshes in the background, fallbacks for failures
"""

from gateway.federation.cache.cache import Cache, FlightContext
from gateway.federation.cache.fingerprint import fingerprint
from gateway.federation.cache.invalidation import PendingWrite
from gateway.federation.cache.key import SERVICE, CacheKey, Scope
from gateway.federation.cache.parts import Marks, Parts
from gateway.federation.cache.result import CachedResult, CacheView
from gateway.federation.cache.tags import Kind, Tag

__all__ = [
    "SERVICE",
    "Cache",
    "CacheKey",
    "CacheView",
    "CachedResult",
    "FlightContext",
    "Kind",
    "Marks",
    "Parts",
    "PendingWrite",
    "Scope",
    "Tag",
    "fingerprint",
]
