"""A stand-in for the LittleHorse User Tasks Bridge, with the kernel behind it and a realm of its identity provider.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: the identity provider's tokens, and who may call the bridge
- `requests`: query strings and bodies
- `operations`: what the bridge does for one caller
- `answers`: records as the bridge's JSON
- `errors`: the errors of the bridge and of the kernel
- `records`: user task runs and their events
- `definitions`: the user task definitions of the sample company
- `directory`: the realm's people, groups and clients
- `store`: the kernel's user task runs, as commands and as reads see them
- `search`: the kernel's searches and their bookmarks
- `variants`: what differs between installations of the bridge
- `sample`: fresh data; the scenario "operations" is one of them
"""

from sandbox.littlehorse.stand_in import LittlehorseStandIn

STAND_IN = LittlehorseStandIn

__all__ = ["STAND_IN", "LittlehorseStandIn"]
