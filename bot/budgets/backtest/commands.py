"""The command `backtest`, and `budget suggest`: for operators, and nothing is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.backtest import formats
from bot.budgets.backtest.facts import Backtest, BacktestRequest, backtest
from bot.budgets.backtest.grammar import TypedBacktest, parse_backtest
from bot.budgets.backtest.suggestions import SUGGESTED_OVER, BudgetSuggestion, budget_suggestions
from bot.budgets.limits.narrowing_names import resolved
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.cells import Cell
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.line_errors import CommandAction, line_buttons
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class BacktestCommands:
    """What operators type to try limits on the past; `clock` gives aware times."""

    database: Database
    people: People
    names: NamedSubjects
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def backtest(self, request: Request, caller: Caller) -> None:
        """Answer with whom a limit would have notified, when, and how often."""
        _check_operator(caller)
        typed = parse_backtest(request.text.partition(" ")[2])
        scope = await self._scope(typed, caller)
        now = self.clock()

        def run(connection: Connection) -> Backtest:
            narrowing = resolved(connection, typed.narrowing)
            wanted = BacktestRequest(typed.nanos, typed.unit, scope, typed.days, narrowing)
            return backtest(connection, wanted, self.policy, now)

        found = await self.database.read(run)
        emails = {each.email for each in found.notified if each.email} | ({found.email} if found.email else set())
        names = await self.database.read(lambda connection: self.people.names(connection, emails))
        name = names.get(found.email or "", "")
        text = self.templates.render("budgets/backtest", **formats.headline_values(found, self.policy, now, name))
        draft = Draft(text)
        draft.add(blocks.section(text))
        if found.notified:
            self._add_table(draft, found, formats.rows(found, self.policy, names))
        await request.responder.respond(draft.message())

    async def _scope(self, typed: TypedBacktest, caller: Caller) -> int:
        """Return on whom a limit is tried. Raises RefusedError if a name is nobody's, or the caller is no member."""
        if typed.is_own:
            return await self.authorization.member_of(caller)
        return DEFAULT if typed.is_for_everybody else await self.names.subject(typed.name, "")

    @staticmethod
    def _add_table(draft: Draft, found: Backtest, rows: Sequence[Sequence[Cell]]) -> None:
        shown = draft.add_table("Alerts", formats.columns(found), rows)
        if (more := len(rows) - shown) > 0:
            draft.add(blocks.context("1 more row isn't shown." if more == 1 else f"{more:,} more rows aren't shown."))

    async def suggest(self, request: Request, caller: Caller) -> None:
        """Answer with default limits that would have notified about one member in ten, each with a button."""
        _check_operator(caller)
        now = self.clock()
        found = await self.database.read(lambda connection: budget_suggestions(connection, self.policy, now))
        text = self.templates.render("budgets/suggestions", **suggestion_values(found))
        lines = [(f"suggestion{number}", each.line) for number, each in enumerate(found, 1)]
        await request.responder.respond(blocks.paragraph(text, list(line_buttons(lines, CommandAction))))


def suggestion_values(found: list[BudgetSuggestion]) -> dict[str, object]:
    """Return the values of the template `budgets/suggestions`."""
    return {
        "days": SUGGESTED_OVER,
        "suggestions": [
            {"limit": each.limit, "notified": each.notified, "members": each.members, "line": each.line}
            for each in found
        ],
    }


def _check_operator(caller: Caller) -> None:
    if caller.role is not Role.OPERATOR:
        raise RefusedError("Only operators can try limits on the past. Your own budgets: `budgets`.")
