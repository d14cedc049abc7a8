"""What one GraphQL request may ask for. The parser, the measure and the validation all read these numbers."""

from pydantic import Field

from connectors.sdk.settings import Section

DETAIL_ROWS = 20


class DocumentLimits(Section):
    """Section `[gateway.limits]`.

    `tokens`, `operations`, `fragments`, `fields`, `aliases`, `spreads`, `directives`, `variables` and `arguments`
    (input fields among them) count what stands in a document; fields, aliases and depth also what its fragments stand
    for, per operation. `introspection_depth` is that of `__schema` and `__type`. `objects` is the product of the page
    sizes of lists within each other, summed over lists side by side. `detail_rows` is for how many rows fields may be
    asked that cost the source a request each. `errors` is how many faults of a document are told at once.
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
    detail_rows: int = Field(default=DETAIL_ROWS, ge=1)
    errors: int = Field(default=5, ge=1)
