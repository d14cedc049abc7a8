"""All sources as one.

service         what the graph calls; delegates to the rooms below
live            subscriptions, and what looks for changes in the sources
lists           pages and counts of tasks, flows, definitions and people over all sources
objects         single tasks, flows, users and groups by id
writes          from an intent to a settled result
authorization   who may see a task, and who may do what with it
overlay         records as our own writes left them, while the vendor's reads lag
sources         one configured source: its connector with cache and traffic control
cache           what vendors answered, shared among those who may see it
traffic         what surrounds every upstream request: rate limit, concurrency limit, circuit breaker, retries
"""
