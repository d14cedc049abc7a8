"""Sign-in of `[auth] mode = "demo"`: the token is a person's key."""

from connectors.sdk.caller import Caller
from gateway.people import People
from gateway.settings import DemoAuth


class DemoSignIn:
    """A request without a token is `default_person`, whom the configuration knows."""

    def __init__(self, auth: DemoAuth, people: People) -> None:
        self._default = auth.default_person
        self._people = people

    async def person(self, token: bytes) -> Caller | None:
        return self._people.by_key(token.decode("latin-1"))

    def person_without_token(self) -> Caller | None:
        return self._people.by_key(self._default)

    def is_credential(self, token: bytes) -> bool:
        """It is a name."""
        return False
