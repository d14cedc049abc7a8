"""The vendor's operations.

- `tasks`: user tasks
- `instances`: process instances
- `definitions`: process definitions
- `directory`: users and groups
- `cluster`: the cluster itself and the signed-in user
"""

from sandbox.camunda.operations import cluster, definitions, directory, instances, tasks

__all__ = ["cluster", "definitions", "directory", "instances", "tasks"]
