"""Formats within requests and answers.

alternatives    unions of queries as groups of alternatives
bpmn            the user tasks and the start event in a process's BPMN document, with form data
dates           texts of dates in Java's patterns
modification    a skip as a modification of the process instance
replacement     an update as the full replacement of a task
variables       typed variables
"""

from connectors.camunda7.formats.alternatives import Alternatives, Group, alternatives_of, with_ids
from connectors.camunda7.formats.bpmn import FormInput, UserTask, start_inputs, user_tasks
from connectors.camunda7.formats.dates import DEFAULT_PATTERN, format_date, has_time
from connectors.camunda7.formats.modification import modification
from connectors.camunda7.formats.replacement import LINKS, body_of, changes_of, shown_of
from connectors.camunda7.formats.variables import LONGEST_TEXT, data_of, draft_text, value_of, variables_of

__all__ = [
    "DEFAULT_PATTERN",
    "LINKS",
    "LONGEST_TEXT",
    "Alternatives",
    "FormInput",
    "Group",
    "UserTask",
    "alternatives_of",
    "body_of",
    "changes_of",
    "data_of",
    "draft_text",
    "format_date",
    "has_time",
    "modification",
    "shown_of",
    "start_inputs",
    "user_tasks",
    "value_of",
    "variables_of",
    "with_ids",
]
