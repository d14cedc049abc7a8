"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from connectors.camunda.client import CamundaClient
from connectors.camunda.settings import CamundaSettings
from connectors.sdk import ForbiddenError, NoCredentials, User


class Extras:
    """`connector.extras`."""

    def __init__(self, client: CamundaClient, settings: CamundaSettings) -> None:
        self._client = client
        self._settings = settings

    async def get_self(self) -> User | None:
        """The user that the source's credentials belong to.

        None, without a call, if the cluster needs no credentials. None as well for a client that is not a user.
        """
        if isinstance(self._settings.credentials, NoCredentials):
            return None
        try:
            user = await self._client.get_current_user()
        except ForbiddenError:
            return None
        if not user.username:
            return None
        return User(native_id=user.username, username=user.username, name=user.display_name, email=user.email)
