"""The digest: its facts and words on a large ledger, beside the very same SQL through plain sqlite3."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.recording import plain_reader, recorded_statements, rows_of
from benchmarks.timing import in_turn, shown
from benchmarks.wiring import wired
from benchmarks.workplace import NOW, scratch
from bot.app import App
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.database.read_engine import open_reader
from bot.digest.facts import facts_of_day
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.render import DigestMessage
from bot.digest.view import DigestView
from bot.domain.periods import Unit, local_day
from bot.domain.visibility import Privacy
from bot.shipped import shipped
from bot.slack.blocks import Message
from bot.slack.templates import Templates

_TIMES = 2.0
_BUDGETS = (
    LimitSetting(DEFAULT, Unit.MONTH, 3_000 * 10**9, "bench"),
    LimitSetting(DEFAULT, Unit.DAY, 20 * 10**9, "bench"),
    LimitSetting(TEAM, Unit.MONTH, 10_000_000 * 10**9, "bench"),
)


def measure(*, quick: bool) -> Iterator[Bar]:
    """A digest at most twice the sum of its SQL, where everybody has a budget for the day and the month."""
    size = Size(100_000 if quick else 1_000_000)
    with scratch() as directory:
        path = directory / "ledger.db"
        shutil.copy(ledger(size), path)
        app = wired(path)
        _set_budgets(app)
        ours, plain, count = _race(app, path, 5 if quick else 15)
    note = f"{shown(ours)}; its {count:,} statements {shown(plain)}"
    yield Bar("a digest, beside the sum of its SQL", ours / plain, _TIMES, note=note)


def _set_budgets(app: App) -> None:
    with app.ledger.database() as database, database.transaction() as connection:
        for setting in _BUDGETS:
            BudgetEvaluator(BudgetPolicy.from_settings(app.settings)).set_limit(connection, setting, NOW)


def _race(app: App, path: Path, rounds: int) -> tuple[float, float, int]:
    templates = Templates(shipped("templates"))
    templates.compile_all()
    statements = recorded_statements(path, lambda reader: _check(_digest(app, reader, templates)))
    with closing(open_reader(path)) as reader, closing(plain_reader(path)) as connection:
        ours, plain = in_turn(rounds, lambda: _digest(app, reader, templates), lambda: rows_of(connection, statements))
    return ours, plain, len(statements)


def _digest(app: App, reader: Connection, templates: Templates) -> Message:
    day = local_day(NOW, app.settings.timezone)
    policy = DigestPolicy.from_settings(app.settings)
    facts = facts_of_day(reader, DigestTopic("", day), policy, NOW)
    return DigestMessage(facts, DigestView(templates, policy, Privacy.NAMED)).message()


def _check(message: Message) -> None:
    """It tells of everything that a large team's digest tells of."""
    text = str(message.blocks)
    for part in ("a typical Thursday", "Members", "failed.", "Over budget", "data_visualization"):
        assert part in text, part
