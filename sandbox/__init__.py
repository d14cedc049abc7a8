"""Stand-ins: servers that behave like the vendors' systems on the wire. They share no code with the gateway.

One folder for each vendor, all with the same file names: `camunda`, `uipath`, `epilot`, `littlehorse`, `geotareas`,
`camunda7`. Around them:

- `issuer`: a small identity provider, where the demo's people sign in
- `server`: serves stand-ins, and the identity provider, on sockets
- `control`: the interface below `/__sandbox__/`: recording, faults, limits, fresh data
- `offers`: the list of what it takes
- `faults`, `rate_limit`, `recording`: what the control interface is made of
- `stand_in`: the base class of every stand-in
- `registry`: finds the stand-ins
- `ports`: the port of each stand-in
- `config`: the gateway's configuration for the stand-ins
- `people`: the people of the demo, the same in every stand-in
- `accounts`: the same people as the identity provider knows them, with their accounts at the vendors
- `work`: names, amounts and dates for sample data
"""
