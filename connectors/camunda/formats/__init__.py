"""Formats within requests and answers.

bpmn              the user tasks in a process's BPMN document
filters           the filter of a search
feel              FEEL expressions of forms: evaluation
feel_functions    functions of FEEL
feel_nodes        operators of FEEL
feel_parser       the part of FEEL that is read
feel_values       comparison and arithmetic of FEEL
form_components   the components of a form-js document
form_data         nested data of forms, and keys with dots
form_fields       components as fields
form_judgement    data of a completion against a form-js document
form_options      options of selects
form_rules        limits, patterns and lengths
form_state        a form while it is filled in: conditions and computed values
form_text         numbers and texts as the library reads and writes them
form_values       the values that each kind of component takes
"""

from connectors.camunda.formats.bpmn import NAMESPACE, UserTask, user_tasks
from connectors.camunda.formats.filters import Filter
from connectors.camunda.formats.form_data import nested_data
from connectors.camunda.formats.form_fields import fields_of, has_inputs
from connectors.camunda.formats.form_judgement import judge_form

__all__ = ["NAMESPACE", "Filter", "UserTask", "fields_of", "has_inputs", "judge_form", "nested_data", "user_tasks"]
