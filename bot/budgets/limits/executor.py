"""Carries out instructions about limits: names are looked up, conflicts refused, limits set or removed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets.budget_formatting import ADJECTIVES
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.instructions import LimitInstruction, RemovalInstruction
from bot.budgets.limits.revision_store import LimitSetting, following_limit
from bot.budgets.limits.store import StoredBudget, budget_in_force, limited_members, limits
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit
from bot.budgets.scopes import full_name, scope_of
from bot.budgets.spend import spends
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.ledger.members import attributed_emails, ensure_members, ids_by_email, stored_email
from bot.ledger.task_queries import has_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """What a change came to: the budget before and after it, and whose it is.

    `known` is False for a member without any task yet; `then_nanos` is the limit that follows a temporary one.
    `spend_nanos` is what the present period has cost, None for the default; `default_nanos` the default limit that
    applies now that a member's own was removed. `others` are the limits of other periods that apply beside it, and
    `covered` counts the members whom a default limit applies to.
    """

    scope: str
    unit: Unit
    before: StoredBudget | None
    after: StoredBudget | None
    known: bool = True
    then_nanos: int | None = None
    spend_nanos: int | None = None
    default_nanos: int | None = None
    others: tuple[tuple[Unit, BudgetLimit], ...] = ()
    covered: int | None = None

    @property
    def same(self) -> bool:
        """Whether the limit was that already."""
        return _limit(self.before) == _limit(self.after)


def _limit(budget: StoredBudget | None) -> tuple[int | None, datetime | None]:
    return (None, None) if budget is None else (budget.limit_nanos, budget.ends_at)


@dataclass(frozen=True, slots=True)
class InstructionExecutor:
    """Carries out instructions about limits inside a transaction; `by` is a Slack id, or `terminal`."""

    connection: Connection
    evaluator: BudgetEvaluator
    by: str
    now: datetime

    def execute_limit(self, instruction: LimitInstruction, expected: int | None = None) -> BudgetChange:
        """Set a limit; `expected` is the revision that the author has seen, if that is known.

        Raises:
            RefusedError: there is no such member, or somebody else has changed the budget meanwhile.
        """
        name, unit = full_name(self.connection, instruction.scope), instruction.unit
        if instruction.newcomer:
            ensure_members(self.connection, [stored_email(name)])
        scope = scope_of(self.connection, name)
        self.evaluator.due_work.apply_due(self.connection, self.now)
        before = budget_in_force(self.connection, scope, unit)
        if expected is not None and expected != (before.revision if before else 0):
            raise RefusedError("Someone else just changed this budget, so nothing was done. Check it and try again.")
        if before is None or _limit(before) != (instruction.nanos, instruction.ends_at):
            self._set(LimitSetting(scope, unit, instruction.nanos, self.by, instruction.reason, instruction.ends_at))
        return self._change(name, scope, unit, before)

    def _change(self, name: str, scope: int, unit: Unit, before: StoredBudget | None) -> BudgetChange:
        after = budget_in_force(self.connection, scope, unit)
        then = following_limit(self.connection, after) if after else None
        known = scope in {TEAM, DEFAULT} or has_tasks(self.connection, scope)
        return BudgetChange(
            name, unit, before, after, known, then, self._spend(scope, unit),
            others=self._others(scope, unit),
            covered=self._covered(unit) if scope == DEFAULT else None,
        )  # fmt: skip

    def _others(self, scope: int, changed: Unit) -> tuple[tuple[Unit, BudgetLimit], ...]:
        """Return the limits of other periods that apply to a scope."""
        cases = [
            (scope, budget_period(unit, self.now, self.evaluator.policy.zone)) for unit in UNITS if unit != changed
        ]
        limited = limits(self.connection, cases, self.now)
        return tuple((case[1].unit, limited[case]) for case in cases if case in limited)

    def _covered(self, unit: Unit) -> int:
        """Return how many members have no limit of their own."""
        everyone = ids_by_email(self.connection, attributed_emails(self.connection)).values()
        return len({*everyone} - {*limited_members(self.connection, unit)})

    def _spend(self, scope: int, unit: Unit) -> int | None:
        """Return what has been spent in the present period of a scope; None for the default, which is nobody's."""
        if scope == DEFAULT:
            return None
        policy = self.evaluator.policy
        case = (scope, budget_period(unit, self.now, policy.zone))
        return spends(self.connection, [case], policy.basis)[case]

    def execute_removal(self, instruction: RemovalInstruction) -> list[BudgetChange]:
        """Remove the budgets of a scope: of one unit, or of all.

        Raises:
            RefusedError: there is none.
        """
        name = full_name(self.connection, instruction.scope)
        scope = scope_of(self.connection, name)
        self.evaluator.due_work.apply_due(self.connection, self.now)
        units: Sequence[Unit] = UNITS if instruction.unit is None else (instruction.unit,)
        budgets = [before for unit in units if (before := budget_in_force(self.connection, scope, unit))]
        if not budgets:
            which = f"{ADJECTIVES[instruction.unit]} budget" if instruction.unit else "budget"
            raise RefusedError(f"There is no {which} to remove. `budgets` lists all budgets.")
        for before in budgets:
            self._set(LimitSetting(scope, before.unit, None, self.by, instruction.reason))
        return [self._removed(name, scope, before, with_others=len(budgets) == 1) for before in budgets]

    def _removed(self, name: str, scope: int, before: StoredBudget, *, with_others: bool) -> BudgetChange:
        default = None if scope in {TEAM, DEFAULT} else budget_in_force(self.connection, DEFAULT, before.unit)
        return BudgetChange(
            name, before.unit, before, None,
            default_nanos=default.limit_nanos if default else None,
            others=self._others(scope, before.unit) if with_others else (),
        )  # fmt: skip

    def _set(self, setting: LimitSetting) -> None:
        self.evaluator.set_limit(self.connection, setting, self.now)
