"""What differs between installations of the bridge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

UserIdClaim = Literal["EMAIL", "PREFERRED_USERNAME", "SUB"]


@dataclass(slots=True)
class BridgeVariant:
    """`account_email`: the address that an operator gave the service account; Keycloak makes the account without one.

    `knows_completion`: whether admin details of finished tasks can be shown (not up to v0.16.1). `meanwhile` is called
    once, between the bridge's own checks and the kernel's command.
    """

    identity_adapter: bool = True
    user_id_claim: UserIdClaim = "EMAIL"
    account_email: str | None = None
    knows_completion: bool = True
    partitions: int = 1
    meanwhile: Callable[[], object] | None = None
