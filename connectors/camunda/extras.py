"""Operations of the vendor that the gateway does not use. They are tested on the wire and available to scripts."""

from connectors.camunda.client import CamundaClient
from connectors.camunda.settings import CamundaSettings
from connectors.sdk import BasicCredentials, ForbiddenError, NoCredentials, User


class Extras:
    """`connector.extras`."""

    def __init__(self, client: CamundaClient, settings: CamundaSettings) -> None:
        self._client = client
        self._settings = settings

    async def get_self(self) -> User | None:
        """The user that the source's credentials belong to, or the person of the call.

        None, without a call, if the cluster needs no credentials. None as well for a client that is not a user.
        """
        settings = self._settings
        if settings.acts_as == "service" and isinstance(settings.credentials, NoCredentials):
            return None
        try:
            user = await self._client.get_current_user()
        except ForbiddenError:
            return None
        if not user.username:
            return None
        return User(native_id=user.username, username=user.username, name=user.display_name, email=user.email)

    async def is_bound(self) -> bool:
        """Whether the account signs in as a user, on a server that lets users claim for themselves only.

        False, without a call, for other credentials and for claims that are sent as assignments.
        """
        settings = self._settings
        if settings.options.claims != "claim" or not isinstance(settings.credentials, BasicCredentials):
            return False
        return (await self._client.get_topology()).guards_claims
