"""The refusal of a caller, with its challenge (RFC 6750 section 3, RFC 9728 section 5.1)."""


class UnauthenticatedCallerError(Exception):
    """No known person sent the request. The text is a sentence for the caller, in ASCII and without quotes."""

    def __init__(self, message: str, *, is_token_bad: bool) -> None:
        super().__init__(message)
        self.is_token_bad = is_token_bad

    def challenge(self, resource_metadata: str | None = None) -> str:
        """The value of WWW-Authenticate. `resource_metadata` is the address where a client finds the provider."""
        parts = ['Bearer realm="taskgate"']
        # A request without credentials gets no error code (RFC 6750, 3.1).
        if self.is_token_bad:
            parts += ['error="invalid_token"', f'error_description="{self}"']
        if resource_metadata is not None:
            parts.append(f'resource_metadata="{resource_metadata}"')
        return ", ".join(parts)


class SignInUnavailableError(Exception):
    """Whether the token is good cannot be told now. `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
