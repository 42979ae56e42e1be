"""What all messages of alerts are rendered from: the snapshot of the budget, names, and texts that they share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import budget_formatting
from bot.budgets.alerts.budget_snapshot import BudgetSnapshot, budget_snapshot
from bot.budgets.alerts.spend_drivers import Driver, SpendDrivers
from bot.budgets.alerts.subject_names import SubjectName, SubjectNamer
from bot.budgets.crossings.store import CrossedStep
from bot.budgets.keys import BudgetTopic
from bot.budgets.periods import named_period
from bot.budgets.policy import BudgetPolicy
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.money import show_limit, show_usd
from bot.domain.periods import Unit
from bot.domain.text import one_line
from bot.domain.visibility import Titles
from bot.outbox.renderers import RenderRequest
from bot.slack.mrkdwn import Trusted, escape
from bot.slack.templates import Templates

_LONGEST_TITLE = 70  # characters of a task's title


@dataclass(frozen=True, slots=True)
class AlertContext:
    """What alerts are rendered from; `titles` says where task titles may be shown, `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: BudgetPolicy
    namer: SubjectNamer
    titles: Titles
    clock: Callable[[], datetime]

    async def snapshot(self, request: RenderRequest) -> BudgetSnapshot:
        """Return a snapshot of the budget that a request's topic names."""
        topic = topic_of(request)
        period = named_period(topic.period, self.policy.zone)
        return await self.database.read(
            lambda connection: budget_snapshot(connection, topic.subject, period, self.policy, self.clock())
        )

    async def subject_name(self, snapshot: BudgetSnapshot, request: RenderRequest) -> SubjectName:
        """Return what the subject of a budget is called where a message goes."""
        return await self.namer.subject_name(snapshot.subject, snapshot.email, request)

    async def heading(self, request: RenderRequest) -> str:
        """Return whose budget a line is about, and of which period; empty in a thread, whose parent shows that."""
        if not request.listed:
            return ""
        snapshot = await self.snapshot(request)
        name = await self.subject_name(snapshot, request)
        adjective = budget_formatting.adjective(snapshot.period.unit, snapshot.period.narrowing)
        days = budget_formatting.period_days(snapshot.period, self.policy.zone, self.clock())
        return Trusted(f"{escape(name.whose)} {escape(adjective)} budget ({days})")

    def driver_values(self, drivers: SpendDrivers, request: RenderRequest) -> dict[str, object]:
        """Return spend drivers as values of a template, without the tasks where titles may not be shown."""
        is_titled = request.in_dm or self.titles is Titles.CHANNEL
        return {
            "since": drivers.since or "",
            "former": drivers.is_former,
            "moved": f"+{show_usd(drivers.nanos)}" if drivers.nanos > 0 else "",
            "count": formatting.count(drivers.task_count, "task"),
            "models": list(_drivers(drivers.models, drivers.nanos)),
            "tasks": list(_drivers(drivers.tasks, drivers.nanos)) if is_titled else [],
        }

    def step_text(self, step: CrossedStep, unit: Unit, values: Mapping[str, object]) -> str:
        """Return the text of a step that was passed; `values` are those of its heading and cause."""
        return self.templates.render(
            "budgets/step_passed",
            step=step.step,
            spend=show_usd(step.spend_nanos),
            limit=show_limit(step.limit_nanos),
            late=step.late,
            unit=unit.value,
            **values,
        )


def topic_of(request: RenderRequest) -> BudgetTopic:
    """Return the topic of a request. Raises MalformedKeyError if it has none of a budget."""
    return BudgetTopic.decode(request.topic or "")


def _drivers(drivers: tuple[Driver, ...], total: int) -> Iterator[tuple[str, str, str]]:
    for each in drivers:
        yield one_line(each.name, _LONGEST_TITLE), show_usd(each.nanos), budget_formatting.share(each.nanos, total)
