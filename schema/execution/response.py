"""What a client gets."""

from typing import Any

from graphql import GraphQLError
from msgspec import Struct

from schema.core.errors import client_error, written


class GraphQLResponse(Struct, frozen=True):
    """The response to the client. If nothing `ran`, the request was at fault and the response has no data."""

    errors: list[dict[str, Any]]
    data: dict[str, Any] | None = None
    ran: bool = True

    def written(self) -> dict[str, Any]:
        if not self.ran:
            return {"errors": self.errors}
        return {"errors": self.errors, "data": self.data} if self.errors else {"data": self.data}


class ResponsePart(GraphQLResponse, frozen=True, kw_only=True):
    """One part of an answer that comes in parts. `errors` are all that stand anywhere in `content`."""

    content: dict[str, Any]

    def written(self) -> dict[str, Any]:
        return self.content


def shown(error: GraphQLError) -> dict[str, Any]:
    """An error as a client may see it."""
    return written(client_error(error), "BAD_USER_INPUT")
