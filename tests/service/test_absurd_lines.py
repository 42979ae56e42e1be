"""Lines that nobody means: far dates, endless words, hundreds of values. Each is one clear sentence, to everybody."""

import pytest

from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add

PRIYA = "priya.raman@acme.example"
DATES = (
    "0001-01-01",
    "0001-01-05",
    "1999-12-31",
    "9999-12-31",
    "2999-12-31",
    "99999d",
    "9" * 30 + "d",
    "0d",
    "2026-02-30",
)
MANY = ",".join(f"v{number}" for number in range(500))
LONG = "x" * 4_100
WRONG = "went wrong"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    return world


TAKEN = {("to:", "2999-12-31"), ("budget team 5/month until:", "2999-12-31")}  # lines whose answers may name an amount


@pytest.mark.slow
@pytest.mark.parametrize("user", ["hannah", "priya"])
async def test_absurd_dates_are_refused_in_a_sentence_whatever_they_are_typed_behind(
    harness: ServiceHarness, user: str
) -> None:
    befores = (
        "", "from:", "to:", "errors ", "errors from:", "budget team 5/month until:", "budget request 5/month until:",
        "snooze ", "explain ", "link @ana ", "notify ",
    )  # fmt: skip
    for date in DATES:
        for before in befores:
            said = visible_text(await harness.ask(user, f"{before}{date}"))
            assert WRONG not in said, before + date
            if (before, date) not in TAKEN:
                assert "$40.00" not in said, before + date
            assert len(said) < 500, before + date


async def test_a_digest_is_of_a_date_that_digests_can_be_of(harness: ServiceHarness) -> None:
    for date in ("0001-01-01", "0001-01-05", "0002-01-01", "1999-12-31"):
        assert "is before the year 2000" in visible_text(await harness.ask("hannah", f"digest {date}"))
    assert "is in the future" in visible_text(await harness.ask("hannah", "digest 9999-12-31"))
    assert "I don't know the date" in visible_text(await harness.ask("hannah", "digest 99999d"))
    assert WRONG not in visible_text(await harness.ask("hannah", "digest 2000-01-01"))


@pytest.mark.slow
@pytest.mark.parametrize("user", ["hannah", "priya"])
async def test_lines_without_end_are_refused_in_a_sentence(harness: ServiceHarness, user: str) -> None:
    commands = ("", "errors ", "budget ", "budget request 5/month reason:", "explain ", "snooze ", "link ", "digest ")
    for before in commands:
        for endless in (LONG, '"' * 4_900, "<" * 9_900, "x " * 4_900):
            said = visible_text(await harness.ask(user, before + endless))
            assert "longer than 4,000 characters" in said, before + endless[:10]
            assert len(said) < 500, before + endless[:10]


async def test_half_an_emoji_is_left_out_of_what_is_read(harness: ServiceHarness) -> None:
    for line in ("search:a\ud83d", "model:\udc00b", "budget @priya\ud83d 5/month", "explain x\ud83d", "\ud83dx"):
        assert WRONG not in visible_text(await harness.ask("hannah", line)), ascii(line)


async def test_the_end_of_a_limit_can_be_typed_as_it_is_listed(harness: ServiceHarness) -> None:
    for amount, until in enumerate(("2026-03-31", "2026-04-01T00:00:00Z", "2026-04-01T00:00Z"), 5):
        said = visible_text(await harness.ask("hannah", f"budget @priya {amount}/month until:{until}"))
        assert "through Mar 31" in said, until
    assert "I don't know the day" in visible_text(
        await harness.ask("hannah", "budget @priya 5/month until:2026-04-01T09:00Z")
    )


@pytest.mark.slow
@pytest.mark.parametrize("user", ["hannah", "priya"])
async def test_hundreds_of_values_are_counted_not_looked_up(harness: ServiceHarness, user: str) -> None:
    for name in ("search", "model", "task", "email", "-search", "-model", "-task", "-email"):
        for before in ("", "errors "):
            said = visible_text(await harness.ask(user, f"{before}{name}:{MANY}"))
            assert "100 is the most" in said, name
    assert WRONG not in visible_text(
        await harness.ask(user, "search:" + ",".join(f"v{number}" for number in range(100)))
    )
    for top in ("0", "-1", "1.000", "9" * 30):
        assert "takes a whole number" in visible_text(await harness.ask(user, f"top:{top}"))
