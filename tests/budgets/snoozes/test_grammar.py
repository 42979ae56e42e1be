"""What is typed after `snooze`: whose, for how long, and why; and when such a snooze ends."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets.snoozes.grammar import SnoozeInstruction, parse_snooze
from bot.budgets.snoozes.length import SnoozeEnd, SnoozeLength
from bot.domain.access import RefusedError
from bot.domain.periods import Unit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
TODAY, PERIOD = SnoozeLength(SnoozeEnd.DAY), SnoozeLength(SnoozeEnd.PERIOD)
TWO_HOURS = SnoozeLength(SnoozeEnd.HOURS, 2)


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
        ("snooze today " + "x" * 300, SnoozeInstruction(None, TODAY, "x" * 200)),
    ],
)
def test_a_line_is_whose_budgets_for_how_long_and_why(line: str, instruction: SnoozeInstruction) -> None:
    assert parse_snooze(line) == instruction


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("snooze", "Type how long"),
        ("snooze team", "Type how long"),
        ("snooze tody", "Did you mean `snooze today`?"),
        ("snooze @ana now 2h", "Type how long"),
        ("snooze 0h", "Type `1h` to `744h`"),
        ("snooze 745h", "Type `1h` to `744h`"),
        ("snooze 99999999999h", "Type `1h` to `744h`"),
        ("snooze \u0662h", "Type how long"),
    ],
)
def test_a_line_without_a_length_is_refused(line: str, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_snooze(line)
    assert said in str(refused.value)


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
