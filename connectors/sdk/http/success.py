"""What a vendor documents as the answer to a write that it has applied. Any other 2xx answer leaves it open.

Something between the gateway and the vendor may answer a write itself: a sign-in page with 200, a queue with 202.
"""

import re

from msgspec import Raw, Struct

from connectors.sdk.http.answer import Answer

# application/json, and types such as application/problem+json.
_JSON = re.compile(r"\s*[^;]*[/+]json\s*(;|$)", re.IGNORECASE)


class Success(Struct, frozen=True):
    """The documented status, and whether the answer has a JSON body. The connector decodes the body."""

    status: int
    has_body: bool

    def fits(self, answer: Answer) -> bool:
        if answer.status != self.status:
            return False
        return is_json(answer) if self.has_body else not answer.body.strip()


JSON_OK = Success(200, has_body=True)
JSON_CREATED = Success(201, has_body=True)
NO_CONTENT = Success(204, has_body=False)


def is_json(answer: Answer) -> bool:
    """Whether the body is JSON, and is not said to be anything else."""
    kind = answer.headers.get("content-type", "")
    return (not kind or _JSON.match(kind) is not None) and answer.try_decode(Raw) is not None


def is_json_object(answer: Answer) -> bool:
    return is_json(answer) and answer.try_decode(dict[str, Raw]) is not None
