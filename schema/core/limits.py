"""Limits of one GraphQL request: of its document, of the values of its arguments, and of what it may cost."""

from pydantic import Field

from connectors.sdk.settings import Section

DETAIL_ROWS = 20


class DocumentLimits(Section):
    """Section `[gateway.limits]`.

    `tokens`, `operations`, `fragments`, `fields`, `aliases`, `spreads`, `directives`, `variables` and `arguments`
    (with input fields) are counts in the document. `fields`, `aliases` and `depth` are also limits per operation with
    its fragments expanded. `introspection_depth` is the depth below `__schema` and `__type`. `objects`: page sizes of
    nested lists multiplied, of lists beside each other added. `answer_fields`: fields, times the rows
    that they are selected for. `detail_rows`: rows with fields that cost the source a
    request per row. `errors`: errors of a document reported at once.

    Limits of values, in the document and in variables alike: `conditions` that a row is tested with (members of filters;
    25 items of a list are one, every list of an operation is 9, every dimension of counts 4, every sort key 2, times the rows that it stands below); `list_items` of
    one list; `filter_characters` of a text in a filter or a search, `id_characters` of an id, `text_characters` of any
    other text; `value_depth` of inputs; `json_values` and `json_depth` of all JSON.
    """

    tokens: int = Field(default=1_500, ge=1)
    operations: int = Field(default=20, ge=1)
    fragments: int = Field(default=50, ge=0)
    fields: int = Field(default=500, ge=1)
    aliases: int = Field(default=30, ge=0)
    spreads: int = Field(default=100, ge=0)
    directives: int = Field(default=50, ge=0)
    variables: int = Field(default=50, ge=0)
    arguments: int = Field(default=200, ge=0)
    depth: int = Field(default=12, ge=1)
    introspection_depth: int = Field(default=15, ge=1)
    objects: int = Field(default=5_000, ge=1)
    answer_fields: int = Field(default=5_000, ge=1)
    detail_rows: int = Field(default=DETAIL_ROWS, ge=1)
    errors: int = Field(default=5, ge=1)
    conditions: int = Field(default=90, ge=9)
    list_items: int = Field(default=500, ge=1)
    filter_characters: int = Field(default=500, ge=1, le=10_000)
    id_characters: int = Field(default=2_000, ge=100)
    text_characters: int = Field(default=65_536, ge=1)
    value_depth: int = Field(default=16, ge=4, le=64)
    json_values: int = Field(default=10_000, ge=1)
    json_depth: int = Field(default=32, ge=1, le=100)
