"""Form.io's forms: layouts, and data that are judged as the library `@formio/core` judges them.

components   the components of a layout, and where the data of each are
fields       the fields of the graph
schema       the JSON Schema of what may be sent
judging      all faults of what was filled in, and the data to send
taking       what was filled in, within the data that the task holds
conditions   whether a component is shown
values       the shapes that components submit
rules        the rules of a component
dates        days, times and moments as texts
texts        mail and web addresses, masks and patterns
javascript   values as JavaScript sees them
"""

from connectors.uipath.formats.formio.components import Component, Layout, text
from connectors.uipath.formats.formio.fields import FIELD_TYPES, fields_of
from connectors.uipath.formats.formio.judging import judge
from connectors.uipath.formats.formio.schema import json_schema

__all__ = ["FIELD_TYPES", "Component", "Layout", "fields_of", "json_schema", "judge", "text"]
