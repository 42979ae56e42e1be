"""Applying a file of budgets: one plan, one transaction, and the file that is exported then is the one applied."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.file.errors import BudgetFileError
from bot.budgets.file.plan import apply, plan
from bot.budgets.file.stored import export
from bot.budgets.file.text import plan_lines
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.periods import UNITS
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.database.engine import Database, open_database
from bot.domain.money import NANOS_PER_USD
from bot.domain.periods import Unit, day_start
from bot.domain.pricing import SpendBasis
from bot.ledger.members import ensure_members
from tests.support.bookings import ANA, BOB, NOW, TASKS, book_tasks
from tests.support.effort import WITH_LEDGERS, examples_on
from tests.support.ledgers import Ledgers

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = NOW.date()
NOTIFIED = text("SELECT stem FROM notification WHERE stem LIKE 'crossing:%' ORDER BY stem")
REVISIONS = text("SELECT limit_nanos, set_by, reason FROM budget_revision ORDER BY id")


@pytest.fixture
def evaluator() -> BudgetEvaluator:
    return BudgetEvaluator(BudgetPolicy(BERLIN, SpendBasis.TOTAL))


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction in a ledger with the tasks of Ana ($30) and Bob ($45)."""
    book_tasks(database, *TASKS)
    with database.transaction() as connection:
        yield connection


def entry(name: str, limit: str, *more: str) -> str:
    return "\n".join(["[[budget]]", f'for = "{name}"', f'limit = "{limit}"', *more, ""])


def applied(connection: Connection, evaluator: BudgetEvaluator, *entries: str) -> list[str]:
    done = apply(connection, evaluator, "\n".join(entries).encode(), NOW)
    return list(plan_lines(done, TODAY, is_applied=True))


def budgets(connection: Connection) -> str:
    """What is exported, without the comment at its beginning."""
    return export(connection, BERLIN, NOW).partition("\n\n")[2]


def test_a_file_is_applied_like_a_diff(connection: Connection, evaluator: BudgetEvaluator) -> None:
    applied(connection, evaluator, entry("team", "$500/month"), entry(ANA, "$300/month"), entry(BOB, "1/day"))
    lines = applied(
        connection,
        evaluator,
        entry("default", "$87.50/week"),
        entry(ANA, "$300/month"),
        entry("team", "800/month", "until = 2026-11-30", 'reason = "pentest"'),
        entry("team", "500/month"),
    )
    assert lines == [
        "~ team: $800 a month through Nov 30 (pentest), then $500 a month (was $500 a month)",
        "+ default: $87.50 a week",
        "- bob@acme.dev: $1 a day",
        "Done: 1 added, 1 changed, 1 removed, 1 budget unchanged.",
    ]
    assert budgets(connection) == "\n".join(
        [
            entry("team", "$500/month"),
            entry("team", "$800/month", "until = 2026-11-30", 'reason = "pentest"'),
            entry("default", "$87.50/week"),
            entry(ANA, "$300/month"),
        ]
    )


def test_budgets_that_count_only_some_tasks_are_kept_apart(connection: Connection, evaluator: BudgetEvaluator) -> None:
    files = [entry("team", "500/month"), entry("team", "80/month", 'only = "model:son status:failed"')]
    assert applied(connection, evaluator, *files) == [
        "+ team: $500 a month",
        "+ team: $80 a month for model:sonnet status:failed",
        "Done: 2 added, 0 budgets unchanged.",
    ]
    assert budgets(connection) == "\n".join(
        [entry("team", "$500/month"), entry("team", "$80/month", 'only = "model:sonnet status:failed"')]
    )
    assert applied(connection, evaluator, files[0])[0] == "- team: $80 a month for model:sonnet status:failed"


def test_a_file_that_is_applied_already_changes_nothing(connection: Connection, evaluator: BudgetEvaluator) -> None:
    files = entry("team", "500/month"), entry("team", "900/month", "until = 2026-11-30"), entry(ANA, "5/day")
    applied(connection, evaluator, *files)
    before = connection.execute(REVISIONS).all()
    assert applied(connection, evaluator, *files) == ["Nothing to change: 2 budgets unchanged."]
    assert connection.execute(REVISIONS).all() == before


def test_a_file_of_no_budgets_removes_all(connection: Connection, evaluator: BudgetEvaluator) -> None:
    nothing = export(connection, BERLIN, NOW)
    assert applied(connection, evaluator, nothing) == ["Nothing to change: 0 budgets unchanged."]
    applied(connection, evaluator, entry("team", "500/month"))
    assert applied(connection, evaluator, nothing) == [
        "- team: $500 a month", "Done: 1 removed, 0 budgets unchanged."
    ]  # fmt: skip
    assert export(connection, BERLIN, NOW) == nothing


def test_every_limit_set_or_removed_is_on_record(connection: Connection, evaluator: BudgetEvaluator) -> None:
    applied(connection, evaluator, entry("team", "500/month", 'reason = "plan of 2026"'), entry(ANA, "300/month"))
    applied(connection, evaluator, entry("team", "500/month", 'reason = "plan of 2026"'))
    assert connection.execute(REVISIONS).all() == [
        (500 * NANOS_PER_USD, "terminal", "plan of 2026"),
        (300 * NANOS_PER_USD, "terminal", None),
        (None, "terminal", "no longer in the budgets file"),
    ]


def test_nobody_is_notified_of_a_limit_that_the_file_itself_replaces(
    connection: Connection, evaluator: BudgetEvaluator
) -> None:
    # $1 for everyone, but Ana and Bob have room, Bob for a while
    applied(
        connection,
        evaluator,
        entry("default", "1/month"),
        entry(ANA, "900/month"),
        entry(BOB, "1/month"),
        entry(BOB, "900/month", "until = 2026-11-30"),
    )
    assert connection.execute(NOTIFIED).all() == []
    # Ana's own goes, and the default has room now
    applied(connection, evaluator, entry("default", "900/month"), entry(BOB, "900/month"))
    assert connection.execute(NOTIFIED).all() == []


def test_what_is_passed_under_the_limits_of_a_file_is_notified_once(
    connection: Connection, evaluator: BudgetEvaluator
) -> None:
    applied(connection, evaluator, entry("default", "31/month"), entry(BOB, "50/month"))
    notified = connection.execute(text("SELECT subject, step FROM crossing WHERE decision = 'TOLD' ORDER BY 1")).all()
    ana, bob = (ensure_members(connection, [email])[email] for email in (ANA, BOB))
    assert notified == [(ana, 80), (bob, 80)]


def test_nothing_is_applied_of_a_file_with_a_problem(connection: Connection, evaluator: BudgetEvaluator) -> None:
    files = [
        entry("team", "500/month"),
        entry("ana@acme.de", "5/month"),
        entry("team", "600/month"),
        entry("TEAM", "600/month", "until = 2026-12-01"),
        entry("team", "700/month", "until = 2026-12-01"),
        entry("zaphod", "x/month"),
        entry("default", "5/month", "until = 9999-01-01"),
    ]
    with pytest.raises(BudgetFileError) as caught:
        applied(connection, evaluator, *files)
    assert caught.value.problems == (
        "line 23: `x` isn't an amount. Type dollars (`500`, `$1,500.50`) or Neo credits (`50cr`).",
        "line 5: I can't find `ana@acme.de` in Neo. Did you mean `ana@acme.dev`?",
        "line 9: `team` already has a monthly limit in line 1. Remove one of the two.",
        "line 18: `team` already has a monthly limit through that day in line 13. Remove one of the two.",
        "line 27: Jan 1, 9999 is too far in the future. Pick an earlier day.",
    )
    assert connection.execute(REVISIONS).all() == []


HOSTILE = [
    'for = "zaphod@acme.dev"\nlimit = "5/day"',
    'for = "ana@acme.dev\\u001b[31m\\n+ team: $5 a day"\nlimit = "5/day"',
    'for = "\\u202eved.emca@ana"\nlimit = "5/day"',
    'for = "ana@acme.dev\' OR 1=1 --"\nlimit = "5/day"',
    'for = "<@U0123ABCD>"\nlimit = "5/day"',
    'for = "a"\nlimit = "5/day"',
    'for = "team"\nlimit = "5/day"\nonly = "model:opsu"',
    'for = "team"\nlimit = "5/day"\nonly = "tool:nmap"',
    'for = "team"\nlimit = "5/day"\nonly = "model:\\"opus"',
    'for = "team"\nlimit = "5/day"\nuntil = 9999-12-31',
    'for = "team"\nlimit = "5/day"\nnotify = "#neo"',  # as a later version may write it
    'for = " TEAM "\nlimit = "7/month"',  # once more
    f'for = "{ANA.upper()}"\nlimit = "7/month"',  # once more
]


@pytest.mark.parametrize("lines", HOSTILE)
def test_a_hostile_entry_is_named_and_nothing_is_half_done(
    connection: Connection, evaluator: BudgetEvaluator, lines: str
) -> None:
    known = entry("team", "500/month"), entry(ANA, "300/month")
    applied(connection, evaluator, *known)
    before = budgets(connection), connection.execute(REVISIONS).all()
    with pytest.raises(BudgetFileError) as refused:
        applied(connection, evaluator, entry("team", "600/month"), entry(ANA, "9/month"), f"[[budget]]\n{lines}\n")
    assert [each.partition(":")[0] for each in refused.value.problems] == ["line 9"]
    assert (budgets(connection), connection.execute(REVISIONS).all()) == before


def test_a_limit_that_has_ended_is_left_out(connection: Connection, evaluator: BudgetEvaluator) -> None:
    files = entry("team", "500/month"), entry("team", "900/month", "until = 2025-11-30")
    assert applied(connection, evaluator, *files) == [
        "line 5: this limit of team ended on Nov 30, 2025, so it's left out.",
        "+ team: $500 a month",
        "Done: 1 added, 0 budgets unchanged.",
    ]


def test_the_last_day_stays_the_same_when_the_time_zone_changes(
    connection: Connection, evaluator: BudgetEvaluator
) -> None:
    files = entry("team", "900/month", "until = 2026-11-30").encode()
    apply(connection, evaluator, files, NOW)
    for zone in ("America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"):
        assert not plan(connection, export(connection, ZoneInfo(zone), NOW).encode(), ZoneInfo(zone), NOW).changes
        assert "until = 2026-1" in export(connection, ZoneInfo(zone), NOW)


def test_a_limit_under_two_that_last_as_long_or_shorter_is_not_exported(
    connection: Connection, evaluator: BudgetEvaluator
) -> None:
    for dollars, days in ((9, 3), (8, 0), (7, 3)):
        ends_at = day_start(TODAY + timedelta(days=days + 1), BERLIN)
        evaluator.set_limit(connection, LimitSetting(TEAM, Unit.WEEK, dollars * 10**9, "terminal", "", ends_at), NOW)
    exported = export(connection, BERLIN, NOW)
    assert re.findall(r'^limit = "(.*)"', exported, re.MULTILINE) == ["$7/week"]
    assert not plan(connection, exported.encode(), BERLIN, NOW).changes


# --- laws ----------------------------------------------------------------------------------------

SETTINGS = st.lists(
    st.tuples(
        st.sampled_from([TEAM, DEFAULT, ANA, BOB]),
        st.sampled_from(UNITS),
        st.one_of(st.none(), st.integers(1, 10**16)),
        st.one_of(st.none(), st.integers(0, 4)),
        st.one_of(st.none(), st.text(max_size=20)),
    ),
    max_size=12,
)


@pytest.mark.slow
def test_what_is_exported_after_it_was_applied_is_the_same(engine: str, ledgers: Ledgers) -> None:
    """Whatever was set, for good or for a while: its file, applied to an empty ledger, is exported there again."""

    @given(SETTINGS)
    @examples_on(engine, 200, **WITH_LEDGERS)
    def law(made: list[tuple[int | str, Unit, int | None, int | None, str | None]]) -> None:
        evaluator = BudgetEvaluator(BudgetPolicy(BERLIN, SpendBasis.TOTAL))
        one, other = ledgers.new(), ledgers.new()
        with closing(open_database(one)) as first, closing(open_database(other)) as second:
            for database in (first, second):
                book_tasks(database, *TASKS)
            with first.transaction() as connection:
                ids = ensure_members(connection, [ANA, BOB])
                for whose, unit, nanos, days, reason in made:
                    scope = ids[whose] if isinstance(whose, str) else whose
                    until = None if days is None or nanos is None else TODAY + timedelta(days=days + 1)
                    ends_at = None if until is None else day_start(until, BERLIN)
                    setting = LimitSetting(scope, unit, nanos, "terminal", _storable(reason), ends_at)
                    evaluator.set_limit(connection, setting, NOW)
                exported = export(connection, BERLIN, NOW)
            if "[[budget]]" in exported:
                with second.transaction() as connection:
                    apply(connection, evaluator, exported.encode(), NOW)
                    assert export(connection, BERLIN, NOW) == exported
                    assert not plan(connection, exported.encode(), BERLIN, NOW).changes
        ledgers.take_back(one)
        ledgers.take_back(other)

    law()


@pytest.mark.slow
def test_one_file_after_another_leaves_the_last_one(engine: str, ledgers: Ledgers) -> None:
    """Applied over any other, a file is what is exported then."""

    @given(st.lists(ENTRIES, min_size=2, max_size=3))
    @examples_on(engine, 200, **WITH_LEDGERS)
    def law(files: list[dict[tuple[str, Unit, int | None], int]]) -> None:
        evaluator, place = BudgetEvaluator(BudgetPolicy(BERLIN, SpendBasis.TOTAL)), ledgers.new()
        with closing(open_database(place)) as database:
            book_tasks(database, *TASKS)
            for file in files:
                with database.transaction() as connection:
                    apply(connection, evaluator, _written(file).encode(), NOW)
                    assert not plan(connection, _written(file).encode(), BERLIN, NOW).changes
                    assert export(connection, BERLIN, NOW).count("[[budget]]") == len(file)
        ledgers.take_back(place)

    law()


ENTRIES = st.dictionaries(
    st.tuples(
        st.sampled_from(["team", "default", ANA]), st.sampled_from(UNITS), st.one_of(st.none(), st.integers(0, 3))
    ),
    st.integers(1, 900),
    min_size=1,
    max_size=8,
)


def _written(file: dict[tuple[str, Unit, int | None], int]) -> str:
    return "\n".join(
        entry(name, f"{dollars}/{unit}", *([] if days is None else [f"until = {TODAY + timedelta(days=days)}"]))
        for (name, unit, days), dollars in file.items()
    )


def _storable(reason: str | None) -> str | None:
    """Return a text without what PostgreSQL or a file cannot keep."""
    return (reason and reason.replace("\0", "").encode(errors="ignore").decode().strip()) or None
