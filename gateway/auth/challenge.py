"""The refusal of a caller, with its challenge (RFC 6750, section 3)."""


class UnauthenticatedCallerError(Exception):
    """No known person sent the request. `challenge` is the value of WWW-Authenticate."""

    def __init__(self, message: str, *, is_token_bad: bool) -> None:
        super().__init__(message)
        # A request without credentials gets no error code (RFC 6750, 3.1).
        self.challenge = 'Bearer realm="taskgate"' + (', error="invalid_token"' if is_token_bad else "")
