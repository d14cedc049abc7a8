"""Formats within requests and answers.

bpmn      the user tasks and the embedded start form in a process's BPMN document
filters   the filter of a search
"""

from connectors.camunda.formats.bpmn import NAMESPACE, UserTask, embedded_start_form, user_tasks
from connectors.camunda.formats.filters import Filter

__all__ = ["NAMESPACE", "Filter", "UserTask", "embedded_start_form", "user_tasks"]
