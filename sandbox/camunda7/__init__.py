"""A stand-in for the REST API of Camunda 7 and Operaton, with an engine that runs the processes of the sample company.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: Basic credentials, and what an account may do
- `requests`: bodies and query strings
- `operations`: what each operation reads or changes
- `answers`: records as the engine's JSON
- `errors`: the engine's errors
- `engine`: running processes, forms and variables
- `records`: tasks, process instances, comments and the log of operations
- `definitions`: the processes of the sample company
- `formats`: their BPMN documents
- `directory`: users and groups
- `search`: filters and sorting
- `store`: all records
- `sample`: fresh data; the scenario "operations" is one of them
"""

from sandbox.camunda7.stand_in import Camunda7StandIn

STAND_IN = Camunda7StandIn

__all__ = ["STAND_IN", "Camunda7StandIn"]
