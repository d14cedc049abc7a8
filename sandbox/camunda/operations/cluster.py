"""Operations on the cluster itself and on the signed-in user."""

from typing import Any

from starlette.responses import Response

from sandbox.camunda.errors import ProblemError
from sandbox.camunda.requests import Call
from sandbox.people import ALL_PEOPLE


def topology(call: Call) -> Response:
    partition: dict[str, Any] = {"partitionId": 1, "role": "leader", "health": "healthy"}
    version = call.release.version
    broker = {"nodeId": 0, "host": "127.0.0.1", "port": 26501, "partitions": [partition], "version": version}
    if call.release.names_brokers:
        broker["brokerId"] = "0"
        partition["state"] = "active"
    return call.answer(
        {
            "brokers": [broker],
            "clusterId": None,
            "clusterSize": 1,
            "partitionsCount": 1,
            "replicationFactor": 1,
            "gatewayVersion": version,
            "lastCompletedChangeId": "-1",
        }
    )


def current_user(call: Call) -> Response:
    """Return the signed-in user. An unprotected API has none, and answers 401."""
    caller = call.caller
    if caller.id is None:
        raise ProblemError(401, "Unauthorized", "An Authentication object was not found in the SecurityContext")
    person = next((each for each in ALL_PEOPLE if each.key == caller.id), None)
    return call.answer(
        {
            "username": caller.id,
            "displayName": person.name if person is not None else caller.id.capitalize(),
            "email": person.email if person is not None else f"{caller.id}@example.com",
            "authorizedComponents": ["*"] if caller.is_admin else ["tasklist"],
            "tenants": [{"tenantId": "<default>", "name": "Default", "description": None}],
            "groups": call.caller.groups,
            "roles": ["admin"] if caller.is_admin else [],
            # In 8.8 it is required and may not be null.
            "salesPlanType": "" if call.release.sparse else None,
            "c8Links": {},
            "canLogout": True,
        }
    )
