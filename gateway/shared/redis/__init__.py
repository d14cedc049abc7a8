"""State that replicas share over Redis or Valkey. Only `gateway.shared.opening` imports it.

engine         the connection: who is there, what is sent with the next exchange, what is told of an engine that is away
scripts        what the engine does in one step
slots          rate limit windows of all replicas together
invalidations  which answers the writes of all replicas have made outdated
"""

from gateway.shared.redis.engine import is_address, open_redis
from gateway.shared.redis.invalidations import RedisInvalidationLog
from gateway.shared.redis.slots import RedisRateLimits

__all__ = ["RedisInvalidationLog", "RedisRateLimits", "is_address", "open_redis"]
