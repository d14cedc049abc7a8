"""Requests to one source: credentials, bounds, and errors that tell whether a write may have been applied."""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, unquote

import anyio
import httpx2
import msgspec

from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http.admission import AdmissionControl
from connectors.sdk.http.answer import Answer
from connectors.sdk.http.body import CorruptBodyError, TooLargeError, read_bounded, small_body
from connectors.sdk.http.call import current_call
from connectors.sdk.http.credentials import Credentials, NoAuthorisation
from connectors.sdk.http.direct_reads import DirectReads
from connectors.sdk.http.network import Transport, network, trusted_certificates
from connectors.sdk.http.no_cookies import NoCookies
from connectors.sdk.http.status_error import error_from_status, is_marked
from connectors.sdk.http.success import Success, is_json_object
from connectors.sdk.http.unreached import why_unreached
from connectors.sdk.http.vendor_text import vendor_code
from connectors.sdk.settings import SourceSettings

# Paths without ids, which are the connector's own texts.
_MOST_PATHS = 256
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "taskgate"}

# Raised before a connection exists: nothing was sent.
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
# Raised while a request is written: a header has characters that no header can have.
_UNSENDABLE = (UnicodeEncodeError, httpx2.LocalProtocolError)

# Characters that no id has: control characters, and surrogates, which cannot be encoded. Other characters are
# percent-encoded.
_FORBIDDEN_IN_ID = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

# What no path of an API has, apart from its `{}`: other braces, a query, a way up, an empty segment. Where one of these is
# found, an id was formatted into the path.
_FORBIDDEN_IN_PATH = re.compile(r"[^!-~]|[{}?#\\]|/\.{0,2}/|/\.{1,2}$")


ParseError = Callable[[Answer], ConnectorError | None]
IsRefusal = Callable[[Answer], bool]


class Upstream:
    """Sends requests to one origin and below one path. It sends each request once and follows no redirect.

    Nothing of one call is left for the next: no cookies, and no sign-in of a connection. The credentials of a request are
    its own headers, so that one client serves all people.

    There are two exceptions to "once". A 401 proves that nothing was applied: credentials that can be renewed (a login,
    a token) are renewed once, and the request is sent again. And a read is sent again if the admission control allows it.
    `parse_error` turns a vendor's answer into its error; if it returns None, the status decides. `is_refusal` tells whether
    a 4xx answer to a write has the vendor's own form; any other one may come from something in between, and leaves open
    whether the write was applied. (A 401 with a challenge and a 429 with Retry-After count without a body too.) Without
    `is_refusal` every JSON object is taken for the vendor's form. Every request to the
    source's own origin needs a permit of the `admission` control, given here or by `guard`; a connector alone has none.
    """

    def __init__(
        self,
        settings: SourceSettings,
        *,
        credentials: Credentials | None = None,
        parse_error: ParseError | None = None,
        is_refusal: IsRefusal = is_json_object,
        transport: Transport | None = None,
        admission: AdmissionControl | None = None,
    ) -> None:
        self.settings = settings
        self._admission = admission
        self._has_begun = False
        # One large answer is read at a time: the others wait with the little that they have.
        self._large_bodies = anyio.Semaphore(1)
        self._credentials = credentials or NoAuthorisation()
        self._parse_error = parse_error
        self._is_refusal = is_refusal
        base = httpx2.URL(settings.base_url.rstrip("/"))
        self._configured = settings.address_values
        self._origin = (base.scheme, base.host, base.port)
        self._prefix = base.raw_path.decode().rstrip("/")
        self._root = f"{base.scheme}://{base.netloc.decode()}/"
        self._base = self._root[:-1] + self._prefix
        self._urls: dict[str, str] = {}
        self._client = httpx2.AsyncClient(
            transport=transport or network([base, *map(httpx2.URL, settings.token_addresses)]),
            follow_redirects=False,
            trust_env=False,
            cookies=NoCookies(),
            headers=_HEADERS,
        )
        self._is_on_network = transport is None
        self._reads_directly = False
        self._reads: DirectReads | None = None

    def guard(self, admission: AdmissionControl) -> None:
        """Every request to the source's own origin needs a permit of `admission`. RuntimeError after the first request."""
        if self._has_begun:
            raise RuntimeError(f"{self.settings.key} has sent requests already: guard it before the first one")
        self._admission = admission

    def read_directly(self, *, is_on: bool) -> None:
        """Whether reads from the source's own origin leave the HTTP client out. Never where a transport was given."""
        self._reads_directly = is_on and self._is_on_network
        if self._reads_directly and self._reads is None:
            self._reads = DirectReads(self._root[:-1], headers=_HEADERS, certificates=trusted_certificates)

    async def read(
        self,
        method: str,
        path: str,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> Answer:
        """One read. `path` has a `{}` for each of `ids`, which are percent-encoded.

        `headers` are added to those of the credentials. `credentials` replace those of the source, for vendors that need
        different ones for some requests.

        ConnectorError for anything but a 2xx answer.
        """
        return await self._call(method, path, ids, params, json, headers, credentials or self._credentials, None)

    async def write(
        self,
        method: str,
        path: str,
        *ids: str,
        success: Success,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> Answer:
        """One write, sent at most once. Other arguments as `read`.

        `success` is what the vendor documents as the answer: MalformedResponseError for any other 2xx answer. An error's
        `maybe_applied` tells whether the write may have been applied.
        """
        return await self._call(method, path, ids, params, json, headers, credentials or self._credentials, success)

    async def aclose(self) -> None:
        if self._reads is not None:
            await self._reads.aclose()
        await self._client.aclose()

    def url(self, path: str, *ids: str) -> str:
        """The address of `path` below this source. NotFoundError for an id that would lead out of the path.

        ValueError for a path that is not the connector's own text with one `{}` for each id.
        """
        if not ids and (known := self._urls.get(path)) is not None:
            return known
        if path.count("{}") != len(ids) or _FORBIDDEN_IN_PATH.search(path.replace("{}", "id")):
            raise ValueError(
                f"{path!r} with {len(ids)} ids is no path; pass ids as arguments: read('GET', '/todos/{{}}', id), "
                "and a query as params"
            )
        for native_id in ids:
            if not native_id or len(native_id) > 512 or _FORBIDDEN_IN_ID.search(native_id) or _leads_away(native_id):
                raise NotFoundError("no such id in this source")
        quoted = path.format(*(quote(native_id, safe="") for native_id in ids))
        url = httpx2.URL(self._base + quoted)
        inside = url.raw_path.decode().startswith(self._prefix + path.split("{", 1)[0])
        if (url.scheme, url.host, url.port) != self._origin or not inside:
            raise NotFoundError("no such id in this source")
        if not ids and len(self._urls) < _MOST_PATHS:
            self._urls[path] = str(url)
        return str(url)

    async def _call(
        self,
        method: str,
        path: str,
        ids: tuple[str, ...],
        params: Mapping[str, str | int] | None,
        json: object,
        headers: Mapping[str, str] | None,
        credentials: Credentials,
        success: Success | None,
    ) -> Answer:
        """`success` is None for a read."""
        is_write = success is not None
        url = self.url(path, *ids)
        content = None if json is None else msgspec.json.encode(json)
        own = {**(headers or {}), **({} if content is None else {"Content-Type": "application/json"})}

        async def send(extra: Mapping[str, str]) -> Answer:
            return await self.exchange(
                method, url, params=params, content=content, headers={**own, **extra}, is_write=is_write
            )

        async def attempt() -> Answer:
            extra = await credentials.headers(self)
            if is_write:
                current_call().note_writer(is_person=credentials.is_person)
            answer = await send(extra)
            if answer.status == 401 and self._refuses_credentials(answer) and credentials.renew(extra):
                answer = await send(await credentials.headers(self))
            if not answer.ok:
                error = self._refusal(answer, credentials)
                if isinstance(error, NotFoundError) and not is_write and self._configured >= set(ids):
                    error.is_address = answer.status == 404
                raise error
            if success is not None and not success.fits(answer):
                raise MalformedResponseError(
                    f"answered with status {answer.status} in a form that is not documented for this call",
                    maybe_applied=True,
                    native_status=answer.status,
                )
            return answer

        return await attempt() if is_write or self._admission is None else await _again(attempt, self._admission)

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_write: bool = False,
    ) -> Answer:
        """One request without credentials. It returns any status; credentials use it for their own calls."""
        self._has_begun = True
        if self._admission is None or not self._is_own(url):
            return await self._sent(method, url, params, content, headers, is_write=is_write)
        permit = await self._admission.admit(is_write=is_write)
        try:
            with anyio.fail_after(permit.seconds):
                carried = {**permit.headers, **(headers or {})}
                answer = await self._sent(method, url, params, content, carried, is_write=is_write)
        except ConnectorError as error:
            permit.settle(error=error, sent=not isinstance(error.__cause__, (*_UNSENT, *_UNSENDABLE)))
            raise
        except TimeoutError as error:
            late = UpstreamTimeoutError("did not answer in time", maybe_applied=is_write)
            permit.settle(error=late)
            raise late from error
        except BaseException:
            permit.settle()
            raise
        meaning = None if answer.ok else self._error(answer)
        permit.settle(status=answer.status, headers=answer.headers, error=meaning)
        return answer

    async def _sent(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: Mapping[str, str] | None,
        *,
        is_write: bool,
    ) -> Answer:
        settings = self.settings
        # For the whole answer: the client's own timeouts begin again with every byte.
        seconds = settings.write_timeout if is_write else settings.read_timeout
        connecting = min(settings.connect_timeout, seconds / 2)
        current_call().count_request()
        reads = self._reads if self._reads_directly and not is_write else None
        target = None if reads is None else reads.target(method, url, params)
        try:
            with anyio.fail_after(seconds):
                if reads is not None and target is not None:
                    return await self._read(reads, method, target, content, headers or {}, connecting)
                timeout = httpx2.Timeout(seconds, connect=connecting, pool=connecting)
                async with self._client.stream(
                    method, url, params=params, content=content, headers=headers, timeout=timeout
                ) as response:
                    body = await read_bounded(
                        response.aiter_raw(),
                        encoding=response.headers.get("content-encoding", ""),
                        length=response.headers.get("content-length"),
                        limit=settings.max_response_bytes,
                        turn=None if is_write else self._large_bodies,
                    )
                    return Answer(response.status_code, response.headers, body, is_write, content or b"")
        except _UNSENDABLE as error:
            raise BrokenError("was not called: a header cannot be sent; check the source's credentials") from error
        except _UNSENT as error:
            raise UnavailableError(self._unreached(error, url, connecting)) from error
        except (httpx2.TimeoutException, TimeoutError) as error:
            raise UpstreamTimeoutError("did not answer in time", maybe_applied=is_write) from error
        except TooLargeError as error:
            raise MalformedResponseError(
                f"the answer is larger than max_response_bytes ({settings.max_response_bytes})", maybe_applied=is_write
            ) from error
        except CorruptBodyError as error:
            raise MalformedResponseError("the answer's compression is damaged", maybe_applied=is_write) from error
        except httpx2.HTTPError as error:
            raise UnavailableError("cut the connection", maybe_applied=is_write) from error

    async def _read(
        self,
        reads: DirectReads,
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
        connecting: float,
    ) -> Answer:
        limit = self.settings.max_response_bytes
        async with reads.answer(method, target, headers=headers, content=content, connecting=connecting) as connection:
            found = httpx2.Headers(connection.headers)
            encoding = found.get("content-encoding", "")
            body = small_body(connection.whole, encoding=encoding, limit=limit)
            if body is None:
                body = await read_bounded(
                    connection.pieces(),
                    encoding=encoding,
                    length=found.get("content-length"),
                    limit=limit,
                    turn=self._large_bodies,
                )
            return Answer(connection.status, found, body, is_write=False, sent=content or b"")

    def _unreached(self, error: httpx2.TransportError, url: str, seconds: float) -> str:
        why = why_unreached(error, seconds=seconds)
        if self._is_own(url):
            return f"{why}; check base_url and whether it runs"
        is_issuer = url in self.settings.token_addresses
        return f"the token endpoint {why}; check token_url" if is_issuer else f"another server that it names {why}"

    def _is_own(self, url: str) -> bool:
        """A token issuer, or a store of large answers, may be elsewhere: the source's limits do not apply to it."""
        if url.startswith(self._root):
            return True
        asked = httpx2.URL(url)
        return (asked.scheme, asked.host, asked.port) == self._origin

    def _refuses_credentials(self, answer: Answer) -> bool:
        """Some vendors answer 401 to a valid token too, if the record belongs to another person."""
        return isinstance(self._error(answer), UnauthenticatedError)

    def _refusal(self, answer: Answer, credentials: Credentials) -> ConnectorError:
        error = self._error(answer)
        if isinstance(error, UnauthenticatedError) and isinstance(credentials, NoAuthorisation):
            return UnauthenticatedError(
                "asks for credentials, and none are configured: add credentials to the source",
                native_status=answer.status,
            )
        return error

    def _error(self, answer: Answer) -> ConnectorError:
        refuses = answer.is_write and 400 <= answer.status < 500
        if refuses and not (self._is_refusal(answer) or is_marked(answer)):
            return MalformedResponseError(
                f"refused with status {answer.status}, but not in the vendor's own form",
                maybe_applied=True,
                native_status=answer.status,
            )
        error = None if self._parse_error is None else self._parse_error(answer)
        error = error or error_from_status(answer)
        error.native_code = vendor_code(error.native_code)
        return error


def _leads_away(native_id: str) -> bool:
    """Whether something in between that decodes paths would find a way up in it."""
    return any(part in {".", ".."} for part in re.split(r"[/\\]", unquote(unquote(native_id))))


async def _again(attempt: Callable[[], Awaitable[Answer]], admission: AdmissionControl) -> Answer:
    """A read, sent as often as `admission` allows."""
    number = 1
    while True:
        try:
            return await attempt()
        except UnavailableError as error:
            if not await admission.wait_to_retry(error, attempt=number):
                raise
        number += 1
