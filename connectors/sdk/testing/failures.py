"""Promises about failures of the vendor and of the network."""

import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zlib import MAX_WBITS, compressobj

import httpx2
import pytest

from connectors.sdk.commands import TaskCommand
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
)
from connectors.sdk.model import OPEN_STATES
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing.faulty_transport import (
    FAULTS,
    IN_BETWEEN,
    PLANTED,
    READ_REFUSALS,
    REFUSALS_WITH_SECRETS,
    Fault,
    FaultyTransport,
    Reply,
)
from connectors.sdk.testing.messages import errors_shown, requests_shown
from connectors.sdk.testing.reading import errors_of
from connectors.sdk.testing.sample import ContractSample, secrets_of
from connectors.sdk.testing.verbs import prepared, some_write


def _each(faults: Sequence[tuple[Fault, type[ConnectorError], bool]]) -> pytest.MarkDecorator:
    names = [str(fault.status) if isinstance(fault, Reply) else fault.__name__ for fault, _, _ in faults]
    return pytest.mark.parametrize(("fault", "kind", "maybe_applied"), faults, ids=names)


each_unreadable_body = pytest.mark.parametrize(
    "body", [b"<html>", b"42", b'"text"', b"null", b"", b"{", b"[" * 5000, b"\xff\xfe"]
)


class FailurePromises:
    """Every failure is the right error, tells whether a write may have been applied, and shows no secret."""

    @_each((*FAULTS, *READ_REFUSALS))
    async def test_a_failed_read_is_the_right_error(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        fault: Fault,
        kind: type[ConnectorError],
        maybe_applied: bool,  # noqa: FBT001 it is a column of the table
    ) -> None:
        """No request is sent twice, except after a renewed login, and nothing can have been applied."""
        await connector.ping()
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        for ask in (
            lambda: connector.list_tasks(query, limit=5),
            lambda: connector.get_tasks([sample.unowned[0]]),
        ):
            with transport.failing(fault) as requests:
                errors = await errors_of(ask)

            _check_errors(errors, kind, maybe_applied=False)
            _check_sent_once(requests, kind)

    @_each(FAULTS)
    async def test_a_failed_write_says_whether_it_may_be_applied(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        fault: Fault,
        kind: type[ConnectorError],
        maybe_applied: bool,  # noqa: FBT001 it is a column of the table
    ) -> None:
        """It was sent once, or twice after a renewed login."""
        command = await some_write(connector, sample)
        if command is None:
            pytest.skip("the source has no verb")
        with transport.failing(fault) as requests:
            errors = await errors_of(lambda: connector.perform(command))

        _check_errors(errors, kind, maybe_applied=maybe_applied)
        _check_sent_once(requests, kind)

    async def test_an_answer_of_something_in_between_leaves_a_write_open(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, verb: type[TaskCommand]
    ) -> None:
        """A sign-in page with 200, a queue's 202, a proxy's 404: neither success nor refusal, for every verb."""
        how = connector.info.capabilities.get(verb)
        if how is None or not how.atomic:
            pytest.skip("the verb has other requests before its write")
        command = await prepared(connector, sample, verb)
        for answer in IN_BETWEEN:
            with transport.failing(answer) as requests:
                errors = await errors_of(lambda: connector.perform(command))

            assert [(True, False)] == [(e.maybe_applied, isinstance(e, RejectedError)) for e in errors], (
                f"status {answer.status} with {answer.body[:40]!r} is not the vendor's word: whether {verb.__name__} was "
                f"applied is not known. Declare the documented `success` of the call, and the vendor's form of a refusal "
                f"with `is_refusal`; got {errors_shown(errors) or 'no error'}"
            )
            assert 1 == len(requests), f"sent {requests_shown(requests)}"

    @each_unreadable_body
    async def test_an_unreadable_200_is_malformed(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, body: bytes
    ) -> None:
        """No JSON, JSON of another shape, an empty body, nested too deep, no UTF-8."""
        await connector.ping()
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        with transport.failing(Reply(200, {"Content-Type": "application/json"}, body)):
            errors = await errors_of(lambda: connector.list_tasks(query, limit=5))
            errors += await errors_of(lambda: connector.get_tasks([sample.unowned[0]]))

        assert [MalformedResponseError, MalformedResponseError] == [type(error) for error in errors], (
            f"list_tasks and get_tasks must each raise MalformedResponseError; got {errors_shown(errors)}"
        )

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    async def test_an_oversized_answer_is_malformed(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, encoding: str
    ) -> None:
        """Also a small one that decodes to more than max_response_bytes. A write may have been applied then."""
        command = await some_write(connector, sample)
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        body = b" " * (connector.settings.max_response_bytes + 1)
        headers = {"Content-Type": "application/json"}
        if encoding == "gzip":
            packer = compressobj(wbits=16 + MAX_WBITS)
            body, headers = packer.compress(body) + packer.flush(), {**headers, "Content-Encoding": "gzip"}
        with transport.failing(Reply(200, headers, body)):
            errors = await errors_of(lambda: connector.list_tasks(query, limit=5))
            errors += await errors_of(lambda: connector.get_tasks([sample.unowned[0]]))
            if command is not None:
                errors += await errors_of(lambda: connector.perform(command))

        expected = [(MalformedResponseError, False)] * 2 + [(MalformedResponseError, True)] * (command is not None)

        assert expected == [(type(error), error.maybe_applied) for error in errors], errors_shown(errors)

    async def test_retry_after_is_when_the_vendor_listens_again(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """The error's `retry_at` is the date in the header."""
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=2)
        query = connector.pushdown(TaskQuery())
        with transport.failing(Reply(429, {"Retry-After": format_datetime(at, usegmt=True)})):
            errors = await errors_of(lambda: connector.list_tasks(query, limit=5))

        assert [at] == [error.retry_at for error in errors if isinstance(error, RateLimitedError)]

    async def test_ping_accepts_good_credentials_and_reports_refused_ones(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Every ping sends a request."""
        with transport.counting() as requests:
            await connector.ping()
        assert requests, "ping sent no request"

        with transport.failing(Reply(401)) as requests, pytest.raises(UnauthenticatedError):
            await connector.ping()
        assert requests

        with transport.failing(httpx2.ConnectError), pytest.raises(UnavailableError):
            await connector.ping()

    async def test_no_secret_is_shown(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Not in an error's text or traceback, the settings or the connector, even if the vendor echoes our secrets."""
        with transport.counting() as requests:
            command = await some_write(connector, sample)
        secrets = secrets_of(connector.settings.model_dump())
        sent = {value.split(" ")[-1] for r in requests if (value := r.headers.get("authorization"))}
        echo = " ".join(sorted(secrets | sent)).encode()
        query = connector.pushdown(TaskQuery())
        shown = [repr(connector.settings), str(connector.settings), repr(connector)]
        for fault in (
            *(fault for fault, _, _ in FAULTS),
            Reply(500, {"Content-Type": "text/plain"}, echo),
            Reply(401, {"Content-Type": "text/plain"}, echo),
            Reply(200, {"Content-Type": "application/json"}, b'"' + echo + b'"'),
        ):
            with transport.failing(fault):
                errors = await errors_of(lambda: connector.list_tasks(query, limit=5))
                if command is not None:
                    errors += await errors_of(lambda: connector.perform(command))
            shown += [f"{e!s} {e!r} {e.native_code} {''.join(traceback.format_exception(e))}" for e in errors]

        assert secrets, "the connector under test must have credentials, as SecretStr in its settings"
        assert [] == [text for text in shown for secret in secrets | sent if secret in text]

    async def test_a_refusal_shows_only_words_of_the_vendor(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Tokens, credentials, addresses, pairs and values in a vendor's text are left out: see `vendor_text`."""
        command = await some_write(connector, sample)
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        shown = []
        for refusal in REFUSALS_WITH_SECRETS:
            with transport.failing(refusal):
                errors = await errors_of(lambda: connector.list_tasks(query, limit=5))
                errors += await errors_of(lambda: connector.get_tasks([sample.unowned[0]]))
                if command is not None:
                    errors += await errors_of(lambda: connector.perform(command))
            shown += [(refusal.status, f"{error!s} {error.native_code}") for error in errors]

        assert [] == [(status, text) for status, text in shown for secret in PLANTED if secret in text], (
            "build messages with `vendor_text(text, answer)`, which leaves out what may be a secret"
        )


def _check_errors(errors: Sequence[ConnectorError], kind: type[ConnectorError], *, maybe_applied: bool) -> None:
    assert [(True, maybe_applied)] == [(isinstance(error, kind), error.maybe_applied) for error in errors], (
        f"there must be one {kind.__name__} with maybe_applied={maybe_applied}; got {errors_shown(errors)}"
    )


def _check_sent_once(requests: Sequence[httpx2.Request], kind: type[ConnectorError]) -> None:
    """After a 401 a request may be sent again, with a renewed login."""
    sent = [(request.method, str(request.url), request.content) for request in requests]
    assert sent, "no request was sent"
    assert kind is UnauthenticatedError or len(sent) == len(set(sent)), (
        f"a request was sent twice: {requests_shown(requests)}"
    )
