"""What requests contain.

- `call`: one request with what an operation needs
- `creation`: the body of the creation of a process instance
- `modification`: the instructions of a modification
- `changeset`: the changeset of an update
"""

from sandbox.camunda.requests.call import Call, members, no_content, read_body
from sandbox.camunda.requests.changeset import changes
from sandbox.camunda.requests.creation import creation
from sandbox.camunda.requests.modification import activations, terminations

__all__ = ["Call", "activations", "changes", "creation", "members", "no_content", "read_body", "terminations"]
