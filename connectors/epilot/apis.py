"""The vendor's APIs, each on a host of its own, and answers too large to be sent."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2

from connectors.epilot import wire
from connectors.epilot.settings import EpilotSettings
from connectors.sdk import (
    AdmissionControl,
    Answer,
    ConflictError,
    ConnectorError,
    Credentials,
    FixedHeaders,
    MalformedResponseError,
    NotFoundError,
    UnavailableError,
    Upstream,
    ValidationFailedError,
    error_from_status,
)

LARGE = "application/large-response.vnd+json"

_LONGEST_ADDRESS = 8192
_NAME = re.compile(r"([a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
# 400 stands for 404 where an operation declares none. A branch that is not found is no missing thing.
_MISSING = re.compile(r"(flow )?(execution|task|phase|step|schedule)s?( [^ ]+)? (was )?not found")


class Api:
    """One host. An answer above the vendor's limit of about 5 MB comes as an address, which is read in its place."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def read(
        self, method: str, path: str, *ids: str, params: Mapping[str, str | int] | None = None, json: object = None
    ) -> Answer:
        return await self._whole(await self._upstream.read(method, path, *ids, params=params, json=json))

    async def write(
        self, method: str, path: str, *ids: str, params: Mapping[str, str | int] | None = None, json: object = None
    ) -> Answer:
        return await self._whole(await self._upstream.write(method, path, *ids, params=params, json=json))

    def guard(self, admission: AdmissionControl) -> None:
        self._upstream.guard(admission)

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _whole(self, answer: Answer) -> Answer:
        """The address is asked without our credentials: it carries its own, and whose host it is nobody promised."""
        if not answer.headers.get("content-type", "").lower().startswith(LARGE):
            return answer
        address = self._checked(answer, answer.decode(wire.Payload).address)
        try:
            payload = await self._upstream.exchange("GET", address)
        except ConnectorError as error:
            error.maybe_applied = answer.is_write
            raise
        if not payload.ok:
            raise UnavailableError(
                f"keeps a large answer elsewhere, which was refused with status {payload.status}",
                maybe_applied=answer.is_write,
                native_status=payload.status,
            )
        return Answer(answer.status, payload.headers, payload.body, answer.is_write)

    def _checked(self, answer: Answer, address: str) -> str:
        """Encrypted and with a name, or on the very host that answered: an answer must not make us call inwards."""
        try:
            url = httpx2.URL(address) if len(address) <= _LONGEST_ADDRESS else None
        except httpx2.InvalidURL:
            url = None
        own = httpx2.URL(self._upstream.settings.base_url)
        if url is not None and not url.userinfo:
            if (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port):
                return str(url)
            if url.scheme == "https" and _is_public_name(url.host):
                return str(url)
        raise MalformedResponseError(
            "keeps a large answer at an address that is not asked", maybe_applied=answer.is_write
        )


class Apis:
    """All four, with the same credentials. `workflow` is the source's base_url."""

    def __init__(self, settings: EpilotSettings, *, transport: Any = None) -> None:
        credentials = _credentials(settings)

        def upstream(address: str) -> Upstream:
            return Upstream(
                settings.model_copy(update={"base_url": address}),
                credentials=credentials,
                parse_error=parse_error,
                transport=transport,
            )

        options = settings.options
        self.upstream = upstream(settings.base_url)
        self.workflow = Api(self.upstream)
        self.user = Api(upstream(options.user_url))
        self.kanban = Api(upstream(options.kanban_url))
        self.query = Api(upstream(options.query_url))

    def guard(self, admission: AdmissionControl) -> None:
        for api in (self.workflow, self.user, self.kanban, self.query):
            api.guard(admission)

    async def aclose(self) -> None:
        for api in (self.workflow, self.user, self.kanban, self.query):
            await api.aclose()


def parse_error(answer: Answer) -> ConnectorError | None:
    """The vendor words its refusals and has no codes: the words are looked at, never repeated."""
    status = answer.status
    if status == 413:
        return MalformedResponseError(
            "has an answer that is too large to be sent", maybe_applied=answer.is_write, native_status=status
        )
    if status == 409:
        return ConflictError("refused the change in this state", native_status=status)
    if status == 403:
        return error_from_status(answer, "lacks a grant for this; see the grants of the source's token")
    if status != 400:
        return None
    body = answer.try_decode(wire.ErrorBody)
    words = "" if body is None else (body.message or body.error or "").casefold()
    if _MISSING.match(words):
        return NotFoundError("found no such thing", native_status=status)
    if "transition" in words or "disabled" in words or "not enabled" in words:
        return ConflictError("refused the change in this state", native_status=status)
    return ValidationFailedError("refused the request as invalid", native_status=status)


def _credentials(settings: EpilotSettings) -> Credentials:
    headers = {
        "Authorization": f"Bearer {settings.credentials.token.get_secret_value()}",
        # What the vendor's own client sends; answers that are not large are plain JSON all the same.
        "Accept": LARGE,
    }
    if settings.options.org_id is not None:
        headers["x-epilot-org-id"] = settings.options.org_id
    return FixedHeaders(headers)


def _is_public_name(host: str) -> bool:
    """A name of at least two labels whose last is no number, outside the names of private networks."""
    return _NAME.fullmatch(host) is not None and not host.endswith((".local", ".internal", ".localhost"))
