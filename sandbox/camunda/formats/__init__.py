"""Formats within requests and answers.

- `bpmn`: BPMN documents of processes
- `keys`: keys of objects
- `dates`: dates
"""

from sandbox.camunda.formats.bpmn import document_of
from sandbox.camunda.formats.dates import rfc3339
from sandbox.camunda.formats.keys import is_key, partition_of

__all__ = ["document_of", "is_key", "partition_of", "rfc3339"]
