"""`[gateway.fast_paths]`: short ways to an answer. Each gives the same answers as the long way."""

from pydantic import Field

from connectors.sdk.settings import Section


class FastPaths(Section):
    """Switch one off if you suspect that it answers wrongly, and report it."""

    compiled_rows: bool = Field(default=True, description="lists of tasks are completed by generated code")
    kept_answers: bool = Field(default=True, description="an answer is given again while all that it rests on stands")
    kept_rows: bool = Field(
        default=True, description="which rows of a kept list a question wants is worked out once for equal questions"
    )
    direct_reads: bool = Field(
        default=True,
        description="reads of sources leave the HTTP client out; writes are sent by it always. Off for a source behind a proxy "
        'that repeats `Content-Length`: its reads end with "cut the connection"',
    )
    direct_path: bool = Field(
        default=True,
        description="requests pass neither the router, nor compression for clients without it; "
        "a kept answer is found before its request is parsed",
    )
