"""`[sources.webhook]`: what the vendor may send to the gateway."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk.settings.section import Section

_PREFIX = "whsec_"
# Of the key that the text stands for, as Standard Webhooks has them.
_FEWEST_BYTES, _MOST_BYTES = 24, 64


def _signing(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX) + "==", validate=False) if text.isascii() else b""
    except binascii.Error:
        key = b""
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(
            f"must be {_PREFIX} and {_FEWEST_BYTES} to {_MOST_BYTES} bytes in base64, as the sender shows it"
        )
    return value


class WebhookSettings(Section):
    """Signatures of Standard Webhooks are checked with `secrets`: one, or two while the sender changes from one to the other."""

    secrets: tuple[Annotated[SecretStr, AfterValidator(_signing)], ...] = Field(min_length=1, max_length=5)
