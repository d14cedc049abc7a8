"""What differs between installations of the bridge."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.littlehorse.directory import UserIdClaim


@dataclass(slots=True)
class BridgeVariant:
    """`knows_completion`: whether admin details of finished tasks can be shown (not up to v0.16.1).

    `meanwhile` is called once, between the bridge's own checks and the kernel's command.
    """

    identity_adapter: bool = True
    user_id_claim: UserIdClaim = "EMAIL"
    knows_completion: bool = True
    partitions: int = 1
    meanwhile: Callable[[], object] | None = None
