"""Camunda 8, Orchestration Cluster REST API v2: server 8.9, or 8.8 or 8.10 by scenario.

A reset's `scenario` is one or more words joined by `+`, such as "operations+8.10+oidc":

- "operations": the data of that scenario, at its own time
- "8.8", "8.9", "8.9.17", "8.10": the server's release, with its operations and members
- "basic", "oidc", "none": how callers authenticate. With "oidc", `POST /oauth/token` returns tokens that are valid for five
  minutes; a reset makes them invalid.
- "authorizations": people sign in as themselves (the password is the user name), and may only do what their groups' processes
  allow

Some processes have no instances until one is created. The names of their user tasks say what the task listeners do:

- `task-listeners`: `slow_assignment`, `slow_update` and `slow_completion` answer 504 at once and stay in their state
  (ASSIGNING, UPDATING, COMPLETING) for 20 s on the clock, then the command is applied; `denied_assignment`, `denied_update`
  and `denied_completion` answer 409; `late_denied_completion` answers 504 and is CREATED again after 20 s
- `slow-creation`: its task is CREATING for 20 s
- `slow-cancellation`: cancelling the instance answers 504; its task is CANCELING for 20 s, then both end
- `order-fulfilment`: calls `quality-check`, whose instance cannot be cancelled by itself

A delayed command is applied, and recorded as an effect, at the first request after its time. A test may add a listener to any
element: `stand_in.listeners["approve_invoice", "COMPLETING"] = Listener(denial="not before noon")`.

- `stand_in`: the application that the sandbox serves
- `routes`: the operation of each method and path
- `auth`: who calls, and what the caller may do
- `requests`: one request and its body
- `operations`: what each operation reads or changes
- `errors`: the vendor's errors
- `records`: the objects of the API
- `definitions`: deployed processes and task listeners
- `engine`: commands and the run of process instances
- `store`: what searches read
- `search`: tables, filters and pages
- `formats`: BPMN, keys and dates
- `variants`: the server's release and the ways to sign in
- `sample`: fresh data
"""

from sandbox.camunda.stand_in import CamundaStandIn

STAND_IN = CamundaStandIn

__all__ = ["STAND_IN", "CamundaStandIn"]
