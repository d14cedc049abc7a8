"""Operations of the bridge that the gateway does not use. They are tested on the wire and available to scripts."""

from connectors.littlehorse.client import ADMIN, LittlehorseClient, Side
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.mapping import user_from_wire
from connectors.littlehorse.settings import LittlehorseOptions
from connectors.sdk import User


class Extras:
    """`connector.extras`. All calls are made as `user`: the person of the token, or the account."""

    def __init__(self, client: LittlehorseClient, options: LittlehorseOptions, user: Side) -> None:
        self._client = client
        self._options = options
        self._user = user

    async def get_self(self) -> User | None:
        """The user of the token; None, without a call, if the bridge has no identity adapter."""
        if not self._options.identity_adapter:
            return None
        return user_from_wire(await self._client.get_me(self._user), self._options.user_id_claim)

    async def edit_comment(self, native_id: str, comment_id: str, text: str) -> None:
        """Replace the text of one of the user's own comments on the task `native_id`."""
        await self._client.edit_comment(self._user, TaskId.parse(native_id), comment_id, text)

    async def delete_comment(self, native_id: str, comment_id: str) -> None:
        """Delete one of the user's own comments on the task `native_id`."""
        await self._client.delete_comment(self._user, TaskId.parse(native_id), comment_id)

    async def take_over(self, native_id: str) -> None:
        """The admin's claim. The user, who needs the admin role, becomes the owner in place of any other owner."""
        await self._client.claim(Side(self._user.credentials, ADMIN), TaskId.parse(native_id))
