"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from connectors.sdk import User
from connectors.uipath import wire
from connectors.uipath.client import UiPathClient


class Extras:
    """`connector.extras`."""

    def __init__(self, client: UiPathClient) -> None:
        self._client = client

    async def get_self(self) -> User | None:
        """The user of the source's credentials; None if they do not belong to a user."""
        user = await self._client.get_current_user()
        return None if user is None else _user(user)


def _user(user: wire.CurrentUser) -> User:
    name = user.full_name or " ".join(filter(None, (user.name, user.surname)))
    return User(
        native_id=str(user.id),
        name=name or None,
        username=user.user_name or None,
        email=user.email_address or None,
        is_active=user.is_active,
    )
