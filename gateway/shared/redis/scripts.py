"""What the engine does in one step, by its own clock. Durations are in milliseconds.

A slot is a member of a sorted set whose score is when it becomes free. A reservation that is never confirmed, because its
replica has ended, becomes free by itself.
"""

_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"

# KEYS: slots, pause, reopening. ARGV: slots for all, milliseconds of the window, of a reservation, how many at most, and the
# name of the first. Answers how many, in how long there may be more, how many are in use, how long the pause is.
RESERVE = (
    _NOW
    + """
local pause = tonumber(redis.call('GET', KEYS[2]) or '0') - now
local reopened = redis.call('GET', KEYS[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local used = redis.call('ZCARD', KEYS[1])
if pause > 0 then return {0, pause, used, pause} end
if reopened then
  local closed = tonumber(reopened) + tonumber(ARGV[2]) - now
  if closed > 0 then return {0, closed, used, 0} end
end
local count = math.min(tonumber(ARGV[4]), tonumber(ARGV[1]) - used)
if count <= 0 then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {0, first[2] and (tonumber(first[2]) - now) or tonumber(ARGV[2]), used, 0}
end
for number = 1, count do
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[5] .. ':' .. number)
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], math.floor(tonumber(last[2])) + 1000)
return {count, 0, used + count, 0}
"""
)

# KEYS: slots. ARGV: the slot's name, milliseconds until it is free.
CONFIRM = _NOW + "return redis.call('ZADD', KEYS[1], 'XX', now + tonumber(ARGV[2]), ARGV[1])"

# KEYS: slots. ARGV: names of slots that were not used.
RELEASE = "return redis.call('ZREM', KEYS[1], unpack(ARGV))"

# KEYS: pause. ARGV: milliseconds. The longest counts.
PAUSE = (
    _NOW
    + """
local wanted = now + tonumber(ARGV[1])
if wanted > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%d', wanted), 'PXAT', string.format('%d', wanted))
end
return 1
"""
)

# KEYS: reopening. Windows are closed for their length: what was sent before is not known to the engine.
REOPEN = _NOW + "redis.call('SET', KEYS[1], string.format('%d', now), 'EX', 86400) return 1"

# KEYS: replicas. ARGV: this one, milliseconds after which one counts as ended. Answers all, in the order of their ids.
BEAT = (
    _NOW
    + """
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
local all = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(all)
return all
"""
)

# KEYS: the channel. ARGV: a message.
TELL = "return redis.call('PUBLISH', KEYS[1], ARGV[1])"
