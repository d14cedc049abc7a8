"""The document that a request sends or names, as its transport refuses it."""

from gateway.documents import DocumentLookup, DocumentRefusedError, HashMismatchError
from gateway.http.request import GraphQLRequest, RefusedError
from schema.execution import GraphQLResponse, RequestError


def requested_document(documents: DocumentLookup, request: GraphQLRequest) -> str:
    """Its text. Raises RequestError where it is not known or not served, RefusedError where a hash is not that of the text."""
    try:
        return documents.text(request.query, request.document)
    except HashMismatchError:
        raise RefusedError(400, "BAD_REQUEST", "The hash is not the SHA-256 of the query.") from None
    except DocumentRefusedError as error:
        refused = {"message": str(error), "extensions": {"code": error.code}}
        raise RequestError(GraphQLResponse([refused], ran=False)) from None
