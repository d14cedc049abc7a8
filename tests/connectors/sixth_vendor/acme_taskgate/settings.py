"""What the configuration says of one Acme Desk."""

from typing import Literal

from connectors.sdk import BearerCredentials, SourceSettings


class AcmeSettings(SourceSettings):
    """`base_url` is the desk's address with `/api`."""

    vendor: Literal["acme"] = "acme"
    credentials: BearerCredentials
