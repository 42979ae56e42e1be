"""Carries out instructions about limits: names are looked up, conflicts refused, limits set or removed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.budget_formatting import adjective, limit_of
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.instructions import LimitInstruction, RemovalInstruction
from bot.budgets.limits.narrowing_names import resolved
from bot.budgets.limits.revision_store import LimitSetting, following_limit
from bot.budgets.limits.store import (
    BudgetIdentity,
    StoredBudget,
    budget_in_force,
    budgets_in_force,
    limited_members,
    limits,
    stored_budget,
)
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit
from bot.budgets.scopes import email_of, full_name, scope_of
from bot.budgets.spend import spends, unknown_costs
from bot.domain.access import RefusedError
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.query.spelling import enumeration
from bot.ledger.members import attributed_emails, ensure_members, ids_by_email, stored_email
from bot.ledger.task_queries import has_tasks

_NAMES = {TEAM: "team", DEFAULT: "default"}
_SCOPES_FIRST = {TEAM: 0, DEFAULT: 1}


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """What a change came to: the budget before and after it, and whose it is.

    `known` is False for a member without any task yet; `then_nanos` is the limit that follows a temporary one.
    `spend_nanos` is what the present period has cost, None for the default; `default_nanos` the default limit that
    applies now that a member's own was removed. `others` are the limits of other periods that apply beside it, and
    `covered` counts the members whom a default limit applies to. `unknown_costs` counts the tasks of unknown cost
    where no spend is known, and `reason` is why it was changed, if that was said.
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
    narrowing: TaskNarrowing = ALL_TASKS
    unknown_costs: int = 0
    reason: str | None = None

    @property
    def same(self) -> bool:
        """Whether the limit was that already."""
        return _limit(self.before) == _limit(self.after)


class SeveralBudgetsError(RefusedError):
    """A scope has several budgets, and it isn't said which of them is to be removed.

    `removals` remove each of them, and the last one all. `number` says how many budgets there are, and which:
    `2 budgets: $50 a day and $400 a month`.
    """

    def __init__(self, removal: RemovalInstruction, budgets: Sequence[StoredBudget]) -> None:
        each_alone = (replace(removal, unit=each.unit) for each in budgets)
        self.removals = (*each_alone, replace(removal, is_every=True))
        limits_there = enumeration(limit_of(each.limit_nanos or 0, each.unit, each.narrowing) for each in budgets)
        self.number = f"{len(budgets)} budgets: {limits_there}"
        super().__init__(f"There are {self.number}. Type which one to remove.")


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
        name, narrowing = full_name(self.connection, instruction.scope), self._resolved(instruction)
        if instruction.newcomer:
            ensure_members(self.connection, [stored_email(name)])
        scope = scope_of(self.connection, name)
        name = email_of(self.connection, scope) or name
        self.evaluator.due_work.apply_due(self.connection, self.now)
        budget = BudgetIdentity(scope, instruction.unit, narrowing)
        before = budget_in_force(self.connection, budget)
        if expected is not None and expected != (before.revision if before else 0):
            raise RefusedError("Someone else just changed this budget, so nothing was done. Check it and try again.")
        if before is None or _limit(before) != (instruction.nanos, instruction.ends_at):
            reason, ends_at = instruction.reason, instruction.ends_at
            self._set(LimitSetting(scope, budget.unit, instruction.nanos, self.by, reason, ends_at, narrowing))
        return replace(self._change(name, budget, before), reason=instruction.reason)

    def _resolved(self, instruction: LimitInstruction | RemovalInstruction) -> TaskNarrowing:
        return resolved(self.connection, instruction.narrowing) if instruction.narrowing else ALL_TASKS

    def _change(self, name: str, budget: BudgetIdentity, before: StoredBudget | None) -> BudgetChange:
        scope, unit, narrowing = budget
        after = budget_in_force(self.connection, budget)
        then = following_limit(self.connection, after) if after else None
        known = scope in {TEAM, DEFAULT} or has_tasks(self.connection, scope)
        spend, unknown = self._spend(budget)
        return BudgetChange(
            name, unit, before, after, known, then, spend,
            others=self._others(budget),
            covered=self._covered(budget) if scope == DEFAULT else None,
            narrowing=narrowing,
            unknown_costs=unknown,
        )  # fmt: skip

    def _others(self, changed: BudgetIdentity) -> tuple[tuple[Unit, BudgetLimit], ...]:
        """Return the limits on all tasks that apply to the scope of a budget beside it."""
        units = [unit for unit in UNITS if changed.narrowing or unit != changed.unit]
        cases = [(changed.scope, budget_period(unit, self.now, self.evaluator.policy.zone)) for unit in units]
        limited = limits(self.connection, cases, self.now)
        return tuple((case[1].unit, limited[case]) for case in cases if case in limited)

    def _covered(self, budget: BudgetIdentity) -> int:
        """Return how many members have no limit of their own."""
        everyone = ids_by_email(self.connection, attributed_emails(self.connection)).values()
        return len({*everyone} - {*limited_members(self.connection, budget.unit, budget.narrowing)})

    def _spend(self, budget: BudgetIdentity) -> tuple[int | None, int]:
        """Return what was spent in the present period of a budget, and how many tasks are of unknown cost if nothing.

        The spend is None for the default, which is nobody's.
        """
        if budget.scope == DEFAULT:
            return None, 0
        policy = self.evaluator.policy
        case = (budget.scope, budget_period(budget.unit, self.now, policy.zone, budget.narrowing))
        spent = spends(self.connection, [case], policy.basis)
        return spent[case], unknown_costs(self.connection, spent).get(case, 0)

    def execute_removal(self, instruction: RemovalInstruction) -> list[BudgetChange]:
        """Remove the budget of a scope: of one unit, of all, or the only one.

        Raises:
            SeveralBudgetsError: there are several, and it isn't said which.
            RefusedError: there is none.
        """
        name = full_name(self.connection, instruction.scope)
        scope = scope_of(self.connection, name)
        name = email_of(self.connection, scope) or name
        self.evaluator.due_work.apply_due(self.connection, self.now)
        if instruction.is_unlimited:
            self._refuse_unless_unlimited(name, scope)
        units: Sequence[Unit] = UNITS if instruction.unit is None else (instruction.unit,)
        narrowing = self._resolved(instruction)
        identities = (BudgetIdentity(scope, unit, narrowing) for unit in units)
        budgets = [before for each in identities if (before := budget_in_force(self.connection, each))]
        if not budgets:
            kind = adjective(instruction.unit, narrowing) if instruction.unit else str(narrowing)
            which = f"{kind} budget".strip()
            listing = "neo-usage budget list" if self.by == "terminal" else "budgets"
            raise RefusedError(f"There is no {which} to remove. `{listing}` lists all budgets.")
        if len(budgets) > 1 and not (instruction.is_every or instruction.is_unlimited):
            raise SeveralBudgetsError(replace(instruction, scope=name), budgets)
        for before in budgets:
            self._set(LimitSetting(scope, before.unit, None, self.by, instruction.reason, narrowing=narrowing))
        removed = [self._removed(name, scope, before, with_others=len(budgets) == 1) for before in budgets]
        return [replace(each, reason=instruction.reason) for each in removed]

    def _refuse_unless_unlimited(self, name: str, scope: int) -> None:
        """Raise RefusedError if a default would limit a member who is to be unlimited."""
        stored = (stored_budget(self.connection, BudgetIdentity(DEFAULT, unit)) for unit in UNITS)
        defaults = [limit_of(each.limit_nanos, each.unit) for each in stored if each and each.limit_nanos]
        if defaults and scope not in {TEAM, DEFAULT}:
            raise RefusedError(
                f"The default of {' and '.join(defaults)} applies to everyone without a personal budget, so removing"
                f" theirs wouldn't make {name} unlimited. Set a limit that is high enough, such as"
                f" `budget {name} 10000/month`. To have the default apply, type `budget {name} remove`."
            )

    def _removed(self, name: str, scope: int, before: StoredBudget, *, with_others: bool) -> BudgetChange:
        of_default = BudgetIdentity(DEFAULT, before.unit, before.narrowing)
        default = None if scope in {TEAM, DEFAULT} else budget_in_force(self.connection, of_default)
        return BudgetChange(
            name, before.unit, before, None,
            default_nanos=default.limit_nanos if default else None,
            others=self._others(before.identity) if with_others else (),
            narrowing=before.narrowing,
        )  # fmt: skip

    def _set(self, setting: LimitSetting) -> None:
        self.evaluator.set_limit(self.connection, setting, self.now)


def removals(connection: Connection) -> list[RemovalInstruction]:
    """Return an instruction to remove each budget that is in force: the team's, the default, then those of members."""
    budgets = sorted(budgets_in_force(connection), key=lambda each: _SCOPES_FIRST.get(each.scope, 2))
    return [
        RemovalInstruction(
            _NAMES.get(each.scope) or email_of(connection, each.scope) or "", each.unit, None, each.narrowing
        )
        for each in budgets
    ]
