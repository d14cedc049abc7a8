"""form-js documents, which vendors of Camunda's family have as forms, judged as the library form-js does it.

Connectors import it by itself: it is not in the front door of `connectors.sdk`.

form        a document as a form of the graph
fields      the inputs of a document as fields
judgement   data of a completion or a start against a document
components  the components of a document, and where each has its value
data        nested data, keys with dots, lists by numbers
state       a form while it is filled in: conditions and computed values
values      the values that each kind of component takes
options     options of selects
rules       limits, patterns and lengths
"""

from connectors.sdk.form_js.components import FIELD_TYPES
from connectors.sdk.form_js.data import nested_data
from connectors.sdk.form_js.fields import has_inputs
from connectors.sdk.form_js.form import form_of_document
from connectors.sdk.form_js.judgement import judge_form

__all__ = ["FIELD_TYPES", "form_of_document", "has_inputs", "judge_form", "nested_data"]
