"""A stand-in for GEOtareas: the documented workflow operations of one tenant.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: headers, logins, tokens and permissions
- `requests`: query strings and bodies
- `operations`: what each operation reads or changes
- `answers`: records as the vendor's JSON
- `errors`: the vendor's errors
- `records`: tasks and instances
- `definitions`: the workflows of the sample company
- `directory`: its users and groups
- `store`: all records, as writes and as reads see them
- `search`: the index behind the lists
- `sample`: fresh data; the scenario "operations" is one of them
"""

from sandbox.geotareas.auth import API_KEY, READER, SERVICE, TENANT, WRITER
from sandbox.geotareas.stand_in import GeotareasStandIn

STAND_IN = GeotareasStandIn

__all__ = ["API_KEY", "READER", "SERVICE", "STAND_IN", "TENANT", "WRITER", "GeotareasStandIn"]
