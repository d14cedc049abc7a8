"""What vendors answered, shared among those who may see it: bounded, invalidated by writes, kept for a source that fails.

question   what is asked, of whom, and in whose name: the key
tags       what an answer is about, and what a write touches
versions   which answers a write has overtaken
weight     what an answer takes in memory
shared     what an asker gets, and what an operator sees
store      the answers kept, bounded in bytes and entries
cache      single flight, fresh, stale while refreshed, stale on failure
"""

from gateway.federation.cache.cache import Cache, PendingWrite
from gateway.federation.cache.key import SERVICE, Question, Scope
from gateway.federation.cache.result import CacheView, Shared
from gateway.federation.cache.tags import Kind, Tag

__all__ = ["SERVICE", "Cache", "CacheView", "Kind", "PendingWrite", "Question", "Scope", "Shared", "Tag"]
