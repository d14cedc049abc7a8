"""Camunda 8, Orchestration Cluster REST API v2: server 8.9, and where asked for 8.8 or 8.10.

A reset's `scenario` is one or more words joined by `+`, such as "operations+8.10+oidc":

- "operations": the data of the documented operations, at their own time
- "8.8", "8.9", "8.10": the server's release; its operations, its members
- "basic", "oidc", "none": how callers prove who they are. With "oidc", `POST /oauth/token` gives tokens for five minutes; a reset
  makes them invalid.
- "authorizations": people sign in as themselves (the password is the name), and may only what their groups' processes are

Some processes have no instances until one is created. The names of their user tasks say what task listeners do there:

- `task-listeners`: `slow_assignment`, `slow_update` and `slow_completion` answer 504 at once and stay in their state
  (ASSIGNING, UPDATING, COMPLETING) until 20 s have passed on the clock, then the command is applied; `denied_assignment`, `denied_update`
  and `denied_completion` answer 409; `late_denied_completion` answers 504 and goes back to CREATED after 20 s
- `slow-creation`: its task is CREATING for 20 s
- `slow-cancellation`: cancelling the instance answers 504; its task is CANCELING for 20 s, then both end
- `order-fulfilment`: calls `quality-check`, an instance of its own that cannot be cancelled alone

What was held up happens at the first request after its time; so do its effects. A test may add listeners to any element:
`stand_in.listeners["approve_invoice", "COMPLETING"] = Listener(denial="not before noon")`.
"""

from sandbox.camunda.stand_in import CamundaStandIn

STAND_IN = CamundaStandIn

__all__ = ["STAND_IN", "CamundaStandIn"]
