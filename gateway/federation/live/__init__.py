"""Tells subscribers what changes in the sources, which tell nothing by themselves.

live         `Live`: subscriptions, and the observers that serve them
observer     looks at one source, compares, and tells its subscribers
look         reads of a source that no person waits for
pace         how often: what the rate limit leaves decides
change       differences between what a source showed before and now
watch        one subscription: what it counts as shown, and what it is told
event_queue  what one subscriber is still to be told
"""

from gateway.federation.live.live import Live, TooManySubscribersError

__all__ = ["Live", "TooManySubscribersError"]
