"""How often a source is looked at, and how much sooner a webhook may make it."""

from gateway.federation.live.pace import Pace
from gateway.federation.traffic import RateLimitView


def limited(remaining: int) -> RateLimitView:
    return RateLimitView(name="reads", limit=30, remaining=remaining, reset_at=None, observed=True)


def test_a_webhook_may_use_the_share_of_a_minute_up_early() -> None:
    pace = Pace(least=2, most=60, share=0.5)
    sooner = []
    for number in range(20):
        now = 2.0 * number
        pace.note(now, 1, failed=False)
        limit = limited(30 - number - 1)
        pause = pace.pause(now, calls=1, seconds=0, limit=limit)
        assert pause == 4
        sooner.append(pace.soonest(now, calls=1, limit=limit, pause=pause))

    # 15 of 30 in a minute are the share.
    assert sooner == [2] * 14 + [4] * 6


def test_people_and_failures_come_before_a_webhook() -> None:
    pace = Pace(least=2, most=60, share=0.5)
    pace.note(0, 1, failed=False)
    assert pace.soonest(0, calls=1, limit=limited(0), pause=60) == 60
    assert pace.soonest(0, calls=1, limit=None, pause=8) == 2
    pace.note(1, 1, failed=True)
    assert pace.soonest(1, calls=1, limit=None, pause=4) == 4
