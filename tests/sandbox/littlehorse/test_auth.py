"""Tokens and tenants of the stand-in for the bridge."""

import pytest

from sandbox.littlehorse.auth import ACCESS_TOKEN, EXCHANGE, LEEWAY_S
from sandbox.littlehorse.directory import CLIENT_ID, CLIENT_SECRET, WITHOUT_VIEW_USERS, user_called
from sandbox.littlehorse.stand_in import TOKEN_PATH
from tests.sandbox.littlehorse.bridge import Bridge, invoice, path


async def test_the_configuration_names_what_gets_a_token(bridge: Bridge) -> None:
    """Identities have the kernel's user ids and the names of groups."""
    source = bridge.stand_in.source_config("http://bridge.test")
    credentials = source["credentials"]
    form = {"grant_type": "client_credentials", **{name: credentials[name] for name in ("client_id", "client_secret")}}
    answer = await bridge.client.post(credentials["token_url"], data=form)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    tenant = source["options"]["tenant"]
    types = await bridge.client.get(f"/{tenant}/admin/taskTypes", params={"limit": 50}, headers=headers)

    assert ("littlehorse", "service") == (source["vendor"], source["acts_as"])
    assert 5 == len(types.json()["userTaskDefNames"])
    assert {"id": "alice@example.com", "groups": ["accounting"]} == bridge.stand_in.identities()["alice"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": EXCHANGE}, 400, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": "other"}, 400, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token": "x.y.z", "subject_token_type": ACCESS_TOKEN}, 400, "invalid_grant"),
    ],
)
async def test_the_token_endpoint_refuses_as_its_standard_says(
    bridge: Bridge, form: dict[str, str], status: int, error: str
) -> None:
    """The errors are those of RFC 6749 section 5.2."""
    whole = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    answer = await bridge.client.post(TOKEN_PATH, data=whole)

    assert (status, {"error": error}) == (answer.status_code, answer.json())


async def test_an_exchanged_token_is_the_same_persons(bridge: Bridge) -> None:
    """The bridge refuses the token of the dashboard's user itself."""
    subject = bridge.stand_in.issuer.signed_in(user_called("bob"))
    form = {
        "grant_type": EXCHANGE,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "subject_token": subject,
        "subject_token_type": ACCESS_TOKEN,
    }
    given = (await bridge.client.post(TOKEN_PATH, data=form)).json()
    answers = [
        await bridge.client.get("/default/userInfo", headers={"Authorization": f"Bearer {token}"})
        for token in (subject, given["access_token"])
    ]

    assert (401, 200) == tuple(answer.status_code for answer in answers)
    assert ("bob", ACCESS_TOKEN) == (answers[1].json()["username"], given["issued_token_type"])


async def test_the_security_filter_answers_without_a_body(bridge: Bridge) -> None:
    """The answers are 401 and 403 with a challenge. This check is the first one."""
    spoilt = bridge.stand_in.token("alice")[:-2] + "xx"
    old = bridge.stand_in.token("alice", lifetime_s=-LEEWAY_S)
    cases = [
        (None, "/init", 401, "Bearer"),
        ("Basic x", "/init", 401, "Bearer"),
        ("Bearer x", "/init", 401, 'Bearer error="invalid_token"'),
        (f"Bearer {spoilt}", "/init", 401, 'Bearer error="invalid_token"'),
        (f"Bearer {old}", "/init", 401, 'Bearer error="invalid_token"'),
        (f"Bearer {bridge.stand_in.token('alice')}", "/admin/taskTypes", 403, "Bearer error="),
    ]
    for given, where, status, challenge in cases:
        answer = await bridge.ask("GET", where, None, headers={"Authorization": given} if given else {})

        assert (status, b"") == (answer.status_code, answer.content)
        assert answer.headers["www-authenticate"].startswith(challenge)


async def test_tenants_are_told_apart_by_the_claim(bridge: Bridge) -> None:
    """The token of another tenant answers 401, an unknown tenant 500. Comments check neither."""
    task = bridge.one(**invoice())
    other = {"Authorization": f"Bearer {bridge.stand_in.token('alice', tenant='other')}"}
    good = {"Authorization": f"Bearer {bridge.stand_in.token('alice')}"}

    assert 401 == (await bridge.ask("GET", "/init", None, headers=other)).status_code
    assert 500 == (await bridge.client.get("/other/init", headers=good)).status_code
    assert 204 == (await bridge.ask("GET", f"{path(task)}/comments", None, headers=other)).status_code
    assert [200, 404] == [(await bridge.client.get(f"/config/{name}")).status_code for name in ("default", "other")]


async def test_a_token_that_is_over_is_accepted_for_a_minute(bridge: Bridge) -> None:
    """By the bridge, not by the identity provider: what the bridge asks it fails."""
    over = {"Authorization": f"Bearer {bridge.stand_in.token('alice', lifetime_s=1 - LEEWAY_S)}"}
    task = bridge.one(**invoice())
    accepted = [await bridge.ask("GET", where, None, headers=over) for where in ("/init", path(task))]
    failed = [
        await bridge.ask(method, where, None, headers=over)
        for method, where in (
            ("GET", "/tasks?limit=3"),
            ("GET", "/groups"),
            ("GET", "/userInfo"),
            ("POST", f"{path(task)}/claim"),
        )
    ]

    assert [200, 200] == [each.status_code for each in accepted]
    assert [500, 500, 500, 500] == [each.status_code for each in failed]
    assert "My Groups from Keycloak" in failed[-1].json()["message"]
    assert 200 == (await bridge.ask("GET", "/tasks?limit=3&type=none", None, headers=over)).status_code


async def test_a_person_without_view_users_is_a_failure(bridge: Bridge) -> None:
    """Of what the bridge asks the identity provider with their token. Their own record needs no role."""
    task = bridge.one(**invoice())
    answers = [
        await bridge.ask("GET", "/groups", WITHOUT_VIEW_USERS),
        await bridge.ask("POST", f"{path(task)}/claim", WITHOUT_VIEW_USERS),
        await bridge.ask("GET", "/userInfo", WITHOUT_VIEW_USERS),
        await bridge.ask("GET", path(task), WITHOUT_VIEW_USERS),
    ]

    assert [500, 500, 200, 200] == [each.status_code for each in answers]


async def test_a_token_for_another_audience_is_not_exchanged(bridge: Bridge) -> None:
    """The client that exchanges it must be in its audience: an audience mapper of the sign-in's client does that."""
    subject = bridge.stand_in.token("alice", audience=("account",))
    form = {
        "grant_type": EXCHANGE,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "subject_token": subject,
        "subject_token_type": ACCESS_TOKEN,
    }
    answer = await bridge.client.post(TOKEN_PATH, data=form)

    assert (403, "access_denied") == (answer.status_code, answer.json()["error"])
    assert "audience" in answer.json()["error_description"]


async def test_the_account_has_no_user_id_until_it_is_set_up(bridge: Bridge) -> None:
    """Keycloak makes the account of a client without an e-mail address. It assigns, but it completes and claims nothing."""
    task, token = bridge.one(**invoice()), bridge.stand_in.issuer
    headers = {"Authorization": f"Bearer {token.token(bridge.stand_in.realm.account)}"}
    refused = [
        await bridge.ask("POST", f"/admin{path(task)}/result", None, headers=headers, json={}),
        await bridge.ask("POST", f"/admin{path(task)}/claim", None, headers=headers),
        await bridge.ask("GET", path(task), None, headers=headers),
    ]
    bridge.stand_in.set_up()
    headers = {"Authorization": f"Bearer {token.token(bridge.stand_in.realm.account)}"}
    claim = await bridge.ask("POST", f"/admin{path(task)}/claim", None, headers=headers)

    assert [500, 500, 401] == [each.status_code for each in refused]
    assert {"userId is marked non-null but is null"} == {each.json()["message"] for each in refused[:2]}
    assert "Unable to read provided user information" == refused[2].json()["detail"]
    assert (204, "taskgate@service.example.com") == (claim.status_code, bridge.now_of(task).user)
