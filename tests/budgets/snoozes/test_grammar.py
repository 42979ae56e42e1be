"""What is typed after `snooze`: whose, for how long, and why; and when such a snooze ends."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.snoozes.grammar import SnoozeInstruction, parse_snooze
from bot.budgets.snoozes.length import SnoozeEnd, SnoozeLength, SnoozeUntil
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.domain.query.errors import AmbiguousError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
TODAY, PERIOD = SnoozeLength(SnoozeEnd.DAY), SnoozeLength(SnoozeEnd.PERIOD)
TWO_HOURS = SnoozeLength(SnoozeEnd.HOURS, 2)


def until(day: int, hour: int = 0, minute: int = 0, month: int = 3) -> SnoozeUntil:
    """The end at a time of the zone in 2026."""
    return SnoozeUntil(datetime(2026, month, day, hour, minute, tzinfo=ZONE))


@pytest.mark.parametrize(
    ("line", "instruction"),
    [
        ("snooze 2h", SnoozeInstruction(None, TWO_HOURS, None)),
        ("snooze off", SnoozeInstruction(None, None, None)),
        ("snooze team off", SnoozeInstruction("team", None, None)),
        ("snooze off today", SnoozeInstruction("off", TODAY, None)),
        ("snooze for 2 hours", SnoozeInstruction(None, TWO_HOURS, None)),
        ("snooze 2 hrs pentest", SnoozeInstruction(None, TWO_HOURS, "pentest")),
        ("snooze @ana for an hour", SnoozeInstruction("@ana", SnoozeLength(SnoozeEnd.HOURS, 1), None)),
        ("snooze a day", SnoozeInstruction(None, SnoozeLength(SnoozeEnd.HOURS, 24), None)),
        ("snooze 2w", SnoozeInstruction(None, SnoozeLength(SnoozeEnd.HOURS, 336), None)),
        ("snooze team until tomorrow noise", SnoozeInstruction("team", TODAY, "noise")),
        ("snooze today for 3 hours", SnoozeInstruction(None, TODAY, "for 3 hours")),
        ("snooze TODAY", SnoozeInstruction(None, TODAY, None)),
        ("snooze period too noisy", SnoozeInstruction(None, PERIOD, "too noisy")),
        ("snooze team today", SnoozeInstruction("team", TODAY, None)),
        ("snooze <@U0PRIYA> 2h pentest", SnoozeInstruction("<@U0PRIYA>", TWO_HOURS, "pentest")),
        ('snooze today "a quote', SnoozeInstruction(None, TODAY, "a quote")),
        ("snooze marcus delgado today", SnoozeInstruction("marcus delgado", TODAY, None)),
        ("snooze marcus' alerts until tomorrow", SnoozeInstruction("marcus", TODAY, None)),
        ("snooze the team's alerts for 2 hours", SnoozeInstruction("team", TWO_HOURS, None)),
        ("snooze my alerts today", SnoozeInstruction(None, TODAY, None)),
        ("snooze me today", SnoozeInstruction(None, TODAY, None)),
        ("snooze all alerts today", SnoozeInstruction(None, TODAY, None)),
        ("snooze for today", SnoozeInstruction(None, TODAY, None)),
        ("snooze the rest of the day", SnoozeInstruction(None, TODAY, None)),
        ("snooze two hours", SnoozeInstruction(None, TWO_HOURS, None)),
        ("snooze for two days vacation", SnoozeInstruction(None, SnoozeLength(SnoozeEnd.HOURS, 48), "vacation")),
        ("snooze today @ana", SnoozeInstruction("@ana", TODAY, None)),
        ("snooze 2h for <@U0PRIYA>", SnoozeInstruction("<@U0PRIYA>", TWO_HOURS, None)),
        ("snooze until tomorrow for the team", SnoozeInstruction("team", TODAY, None)),
        ("snooze @ana now 2h", SnoozeInstruction("@ana", TWO_HOURS, None)),
        ("snooze marcus delgado off", SnoozeInstruction("marcus delgado", None, None)),
        ("snooze my alerts off", SnoozeInstruction(None, None, None)),
        ("snooze until friday", SnoozeInstruction(None, until(6), None)),
        ("snooze until this friday", SnoozeInstruction(None, until(6), None)),
        ("snooze until monday", SnoozeInstruction(None, until(9), None)),  # today is one
        ("snooze through friday", SnoozeInstruction(None, until(7), None)),
        ("snooze marcus until friday 5pm pentest", SnoozeInstruction("marcus", until(6, 17), "pentest")),
        ("snooze until 17:30", SnoozeInstruction(None, until(2, 17, 30), None)),
        ("snooze until 6am", SnoozeInstruction(None, until(3, 6), None)),  # it is seven
        ("snooze until noon", SnoozeInstruction(None, until(2, 12), None)),
        ("snooze until monday morning", SnoozeInstruction(None, until(9), None)),
        ("snooze until mar 20", SnoozeInstruction(None, until(20), None)),
        ("snooze until 2026-03-20", SnoozeInstruction(None, until(20), None)),
        ("snooze until next week", SnoozeInstruction(None, until(9), None)),
        ("snooze until the end of the month", SnoozeInstruction(None, until(1, month=4), None)),
        ("snooze today " + "x" * 300, SnoozeInstruction(None, TODAY, "x" * 200)),
    ],
)
def test_a_line_is_whose_budgets_for_how_long_and_why(line: str, instruction: SnoozeInstruction) -> None:
    assert parse_snooze(line, NOW, ZONE) == instruction


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("snooze", "Type how long"),
        ("snooze team", "Type how long"),
        ("snooze tody", "Did you mean `snooze today`?"),
        ("snooze @ana tody", "Did you mean `snooze @ana today`?"),
        ("snooze marcus delgado", "`snooze marcus delgado 1h`"),
        ("snooze me", "`snooze 1h`"),
        ("snooze @ana and @bo 2h", "I can snooze one person's alerts or the team's"),
        ("snooze everyone today", "I can snooze one person's alerts or the team's"),
        ("snooze 30 minutes", "The shortest snooze is an hour"),
        ("snooze half an hour", "The shortest snooze is an hour"),
        ("snooze until whenever", "Type how long"),
        ("snooze until 9/6", "I can snooze for 31 days at most."),  # in June, or in September
        ("snooze until 2025-03-20", "That time is over."),
        ("snooze until may 5", "I can snooze for 31 days at most."),
        ("snooze 0h", "Type `1h` to `744h`"),
        ("snooze 745h", "Type `1h` to `744h`"),
        ("snooze 99999999999h", "Type `1h` to `744h`"),
        ("snooze \u0662h", "Type how long"),
    ],
)
def test_a_line_without_a_length_is_refused(line: str, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_snooze(line, NOW, ZONE)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("snooze until 3/6", ("snooze until Mar 6", "snooze until Jun 3")),
        ("snooze everything", ("snooze today", "notify errors off")),
        ("snooze Everything until friday", ("snooze until friday", "notify errors off")),
        ("snooze @priya until 3/6", ("snooze @priya until Mar 6", "snooze @priya until Jun 3")),
        ("snooze team until: 3/6/2026 5pm", ("snooze team until Mar 6 5pm", "snooze team until Jun 3 5pm")),
        (
            "snooze <@U0ANA> until 3/6 the pentest",
            ("snooze <@U0ANA> until Mar 6 the pentest", "snooze <@U0ANA> until Jun 3 the pentest"),
        ),
    ],
)
def test_a_day_that_may_be_two_is_asked_back_in_whole_lines(line: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousError) as asked:
        parse_snooze(line, NOW, ZONE)
    assert asked.value.lines == lines


@pytest.mark.parametrize(
    ("length", "unit", "until"),
    [
        (TWO_HOURS, Unit.MONTH, datetime(2026, 3, 2, 14, tzinfo=UTC)),
        (TODAY, Unit.MONTH, datetime(2026, 3, 3, 5, tzinfo=UTC)),
        (PERIOD, Unit.DAY, datetime(2026, 3, 3, 5, tzinfo=UTC)),
        (PERIOD, Unit.WEEK, datetime(2026, 3, 9, 4, tzinfo=UTC)),  # the clocks went forward the day before
        (PERIOD, Unit.MONTH, datetime(2026, 4, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_snooze_ends_after_hours_with_the_day_or_with_the_period(
    length: SnoozeLength, unit: Unit, until: datetime
) -> None:
    assert length.until(unit, NOW, ZONE) == until
