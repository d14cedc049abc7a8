"""Records as the vendor's JSON.

- `bodies`: whole bodies of answers
- `entities`: the OData entity types
"""

from sandbox.uipath.answers.bodies import (
    app_data,
    form_data,
    in_style,
    instance_row,
    json_response,
    odata_entity,
    odata_list,
    task_data,
)
from sandbox.uipath.answers.entities import ACTIVITY, CURRENT_USER, FOLDER, NOTE, TASK, USER

__all__ = [
    "ACTIVITY",
    "CURRENT_USER",
    "FOLDER",
    "NOTE",
    "TASK",
    "USER",
    "app_data",
    "form_data",
    "in_style",
    "instance_row",
    "json_response",
    "odata_entity",
    "odata_list",
    "task_data",
]
