"""Numbers of form data arrive at the vendor digit for digit."""

import pytest

from tests.world import World

DIGITS = (
    '{"a":0.12345678901234567890123,"b":1250.10,"c":9007199254740993,"d":0.10000000000000000000,'
    '"f":18446744073709551616,"g":123456789012345678901234567890,"h":9007199254740993.5,"i":100000000000000000000.25}'
)
TASKS = 'query { tasks(filter: {sourceKey: {eq: "camunda"}, state: {eq: READY}}, first: 20) { nodes { id form { kind } } } }'
COMPLETE = "mutation ($i: CompleteTaskInput!) { completeTask(input: $i) { status errors { message field } } }"


@pytest.mark.parametrize("is_inline", [False, True], ids=["variables", "document"])
async def test_every_digit_arrives_at_the_vendor(world: World, is_inline: bool) -> None:
    """In variables and in the document."""
    rows = (await world.data(TASKS, "carol"))["tasks"]["nodes"]
    task = next(row for row in rows if row["form"]["kind"] == "NONE")
    literal = DIGITS.replace('":', ":").replace('{"', "{").replace(',"', ",")
    given = f'{{"taskId":"{task["id"]}","claimIfNeeded":true,"data":{DIGITS}}}'
    inline = f'{{taskId: \\"{task["id"]}\\", claimIfNeeded: true, data: {literal}}}'
    document = COMPLETE.replace("($i: CompleteTaskInput!)", "").replace("$i", inline) if is_inline else COMPLETE
    variables = "{}" if is_inline else f'{{"i":{given}}}'

    answer = await world.client.post(
        "/graphql",
        content=f'{{"query":"{document}","variables":{variables}}}',
        headers={"Authorization": "Bearer carol", "Content-Type": "application/json"},
    )

    assert {"status": "APPLIED", "errors": []} == answer.json()["data"]["completeTask"]
    (sent,) = [one["body"] for one in await world.requests("camunda") if one["path"].endswith("/completion")]
    assert DIGITS in sent
