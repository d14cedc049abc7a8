"""Formats within requests and answers.

bpmn            the user tasks in a process's BPMN document, with form data
dates           texts of dates in Java's patterns
camunda_form    the inputs of a Camunda form
"""

from connectors.camunda7.formats.bpmn import FormInput, UserTask, user_tasks
from connectors.camunda7.formats.camunda_form import fields_of
from connectors.camunda7.formats.dates import DEFAULT_PATTERN, format_date, has_time

__all__ = ["DEFAULT_PATTERN", "FormInput", "UserTask", "fields_of", "format_date", "has_time", "user_tasks"]
