"""Webhooks of epilot. They tell of business objects, never of tasks: a flow that changes one makes it send them.

https://docs.epilot.io/docs/integrations/webhooks/payload-structure
"""

from connectors.epilot import wire
from connectors.sdk import MalformedResponseError, decode_json


def concerns_tasks(body: bytes, *, org_id: str | None) -> bool:
    """Whether it tells of an entity, of that organisation if one is configured."""
    try:
        notice = decode_json(body, wire.WebhookNotice, what="the webhook")
    except MalformedResponseError:
        return False
    told = notice.metadata.organization_id
    return org_id is None or told is None or told == org_id
