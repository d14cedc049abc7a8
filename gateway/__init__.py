"""The gateway: HTTP in, GraphQL over all sources, HTTP out to the vendors.

app           the ASGI application
composition   opens, connects and closes all concrete parts
engines       opens the journal and the shared state that the settings name
generations   what each configuration made: sources, book of people, sign-in
inspection    what commands find out, or change, without opening a gateway
cli           the commands of `taskgate`
http          what speaks HTTP: the GraphQL route, health, metrics, logs of requests
graphiql      the page that a browser gets at /graphql
inbox         the inbox page that a browser gets at /
auth          sign-in: which person sent a request
audit         one line for each write
people        who the people are, and which accounts are theirs
documents     documents that clients name instead of sending their text
settings      the configuration file
federation    all sources as one: lists, single objects, writes
store         what outlives the process
reloading     another configuration for a gateway that runs
telemetry     traces, where they are switched on
shared        what replicas must agree on: tags, rate limit windows, leases
"""
