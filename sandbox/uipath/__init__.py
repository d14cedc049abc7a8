"""A stand-in for UiPath: Action Center tasks in Orchestrator, Maestro process instances, and the identity server.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: tokens of applications and people, and what they may do
- `requests`: bodies, folder headers and ids
- `operations`: what each operation reads or changes
- `answers`: records as the vendor's JSON
- `errors`: the vendor's errors
- `records`: tasks with notes, activities and assignments; process instances
- `definitions`: the automations of the sample tenant
- `directory`: its users, groups, robots and folders
- `store`: all records and their changes
- `formats`: OData
- `variants`: the spelling of answers
- `sample`: fresh data; the scenario "operations" is one of them
"""

from sandbox.uipath.auth import APP, PERSONAL_TOKENS, READER_APP
from sandbox.uipath.directory import ORGANIZATION, TENANT
from sandbox.uipath.stand_in import UiPathStandIn

STAND_IN = UiPathStandIn

__all__ = ["APP", "ORGANIZATION", "PERSONAL_TOKENS", "READER_APP", "STAND_IN", "TENANT", "UiPathStandIn"]
