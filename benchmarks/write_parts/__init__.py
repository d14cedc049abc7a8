"""Parts of `benchmarks/writes.py`.

processes  the stand-ins and the gateway, each in a process of its own
graphql    the documents that people send
people     who writes: fifty people with an account at every vendor
world      people at work: targets, writes, faults, claims
report     what was told against what was done
journal    what the journal adds to a write
"""
