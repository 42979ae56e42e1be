"""What drives the spend of an alert: what was spent since a step before, and on which tasks and models most."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets.crossings.store import CrossedStep, crossing_case, notified_steps
from bot.budgets.periods import BudgetPeriod, Case, named_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.domain.pricing import SpendBasis
from bot.ledger.charge_queries import (
    ChargeRange,
    TaskSpend,
    charged_task_count,
    dearest_models,
    dearest_tasks,
    range_spend,
)

_MOST = 3  # tasks and models that are named
_TRANSFERRED = "a task that now belongs to someone else"  # it was charged to the member before
_NOW = 2**62  # above the key of any charge


@dataclass(frozen=True, slots=True)
class Driver:
    """A task or model and what was spent on it, in nanos."""

    name: str
    nanos: int


@dataclass(frozen=True, slots=True)
class SpendDrivers:
    """What was spent since a step before, or since the period began if `since` is None: in all, and on what most.

    The step may be one of a former limit (`is_former`). `task_count` is how many tasks it was spent on; `tasks` are
    those on which most was.
    """

    since: int | None
    is_former: bool
    nanos: int
    task_count: int
    tasks: tuple[Driver, ...]
    models: tuple[Driver, ...]


@dataclass(frozen=True, slots=True)
class NotifiedStep:
    """A step that was notified, in its period, and what was spent between the step before and it."""

    period: BudgetPeriod
    step: CrossedStep
    drivers: SpendDrivers


def notified_step(connection: Connection, crossing: int, policy: BudgetPolicy) -> NotifiedStep | None:
    """Return a step that was notified, by its crossing; None if there is no such crossing any more."""
    case = crossing_case(connection, crossing)
    if case is None:
        return None
    subject, period = case[0], named_period(case[1], policy.zone)
    steps = [step for step in notified_steps(connection, subject, period) if step.id <= crossing]
    if not steps:
        return None
    since_step_before = spend_drivers(connection, (subject, period), policy.basis, steps, steps[-1].last_charge)
    return NotifiedStep(period, steps[-1], since_step_before)


def spend_drivers(
    connection: Connection, case: Case, basis: SpendBasis, steps: Sequence[CrossedStep], upto: int = _NOW
) -> SpendDrivers:
    """Return what was spent since the step before the last one, up to a charge by its key."""
    subject, period = case
    before = steps[-2] if len(steps) > 1 else None
    after = before.last_charge if before else 0
    charges = ChargeRange(period.window, None if subject == TEAM else subject, after, upto, period.narrowing)
    tasks = [_task_driver(task) for task in dearest_tasks(connection, charges, basis, _MOST)]
    return SpendDrivers(
        since=before.step if before else None,
        is_former=before is not None and before.revision != steps[-1].revision,
        nanos=range_spend(connection, charges, basis),
        task_count=charged_task_count(connection, charges),
        tasks=tuple(sorted(tasks, key=lambda task: (-task.nanos, task.name))),
        models=tuple(Driver(*model) for model in dearest_models(connection, charges, basis, _MOST)),
    )


def _task_driver(task: TaskSpend) -> Driver:
    if task.transferred:
        return Driver(_TRANSFERRED, task.nanos)
    return Driver(task.task_id if task.title is None else task.title, task.nanos)
