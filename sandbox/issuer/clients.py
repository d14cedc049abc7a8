"""The clients that are registered at the issuer."""

from dataclasses import dataclass

GATEWAY = "taskgate"
GATEWAY_SECRET = "taskgate-secret"  # noqa: S105 of the sandbox alone
PAGE = "taskgate-page"
VENDOR = "vendor-api"


@dataclass(frozen=True, slots=True)
class Client:
    """`secret` is None for a public client, which may be sent back to `redirects`: beginnings of addresses.

    `adds_audiences` stand in the tokens that the client gets, as Keycloak's audience mappers put them there, and with
    `adds_attributes` people's attributes. `exchanges`: it may exchange people's tokens (RFC 8693).
    """

    id: str
    secret: str | None = None
    redirects: tuple[str, ...] = ()
    adds_audiences: tuple[str, ...] = ()
    adds_groups: bool = False
    adds_attributes: bool = False
    exchanges: bool = False


CLIENTS = (
    Client(
        PAGE,
        redirects=("http://127.0.0.1:", "http://localhost:"),
        adds_audiences=(GATEWAY,),
        adds_groups=True,
        adds_attributes=True,
    ),
    Client(GATEWAY, secret=GATEWAY_SECRET, adds_audiences=(VENDOR,), exchanges=True),
    Client(VENDOR, secret="vendor-secret"),  # noqa: S106 of the sandbox alone
)
