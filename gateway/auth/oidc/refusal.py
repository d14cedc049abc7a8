"""Why a token signs no person in."""


class TokenRefusedError(Exception):
    """The token is not accepted. The text is a sentence for the caller; it repeats nothing of the token."""


class KeysUnavailableError(Exception):
    """The token cannot be checked now: no keys of its issuer are known. `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
