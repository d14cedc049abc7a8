"""Limits of one GraphQL request, read by parser, cost measurement and validation."""

from pydantic import Field

from connectors.sdk.settings import Section

DETAIL_ROWS = 20


class DocumentLimits(Section):
    """Section `[gateway.limits]`.

    `tokens`, `operations`, `fragments`, `fields`, `aliases`, `spreads`, `directives`, `variables` and `arguments`
    (with input fields) are counts in the document. `fields`, `aliases` and `depth` are also limits per operation with
    its fragments expanded. `introspection_depth` is the depth below `__schema` and `__type`. `objects`: page sizes of
    nested lists multiplied, of lists beside each other added. `detail_rows`: rows with fields that cost the source a
    request per row. `errors`: errors of a document reported at once.
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
