"""The plan of a file as lines of a terminal, like a diff."""

from collections.abc import Iterator
from datetime import date

from bot.budgets.file.entries import BudgetEntry
from bot.budgets.file.plan import BudgetPlan, PlannedChange
from bot.domain import formatting
from bot.domain.money import exact_limit


def plan_lines(plan: BudgetPlan, today: date, *, is_applied: bool) -> Iterator[str]:
    """Yield what a plan adds (`+`), changes (`~`) and removes (`-`), and last what it comes to."""
    for each in plan.ended:
        last = formatting.short_date(each.until or today, today)
        yield f"{each.place}: this limit of {each.name} ended on {last}, so it's left out."
    for change in plan.changes:
        yield _line(change, today)
    yield _summary(plan, is_applied=is_applied)


def _line(change: PlannedChange, today: date) -> str:
    if change.before and change.after:
        return f"~ {change.name}: {_limits(change.after, today)} (was {_limits(change.before, today)})"
    return f"{'+' if change.after else '-'} {change.name}: {_limits(change.after or change.before, today)}"


def _limits(entries: tuple[BudgetEntry, ...], today: date) -> str:
    """Return limits in the order in which they apply: `$800 a month through Nov 30 (pentest), then $500 a month`."""
    return ", then ".join(_limit(entry, today) for entry in reversed(entries))


def _limit(entry: BudgetEntry, today: date) -> str:
    until = f" through {formatting.short_date(entry.until, today)}" if entry.until else ""
    why = f" ({entry.reason})" if entry.reason else ""
    only = f" for {narrowing}" if (narrowing := entry.budget.narrowing) else ""
    return f"{exact_limit(entry.nanos)} a {entry.budget.unit}{only}{until}{why}"


def _summary(plan: BudgetPlan, *, is_applied: bool) -> str:
    unchanged = f"{formatting.count(plan.unchanged, 'budget')} unchanged"
    if not plan.changes:
        return f"Nothing to change: {unchanged}."
    counts = {
        "added": sum(not each.before for each in plan.changes),
        "changed": sum(bool(each.before and each.after) for each in plan.changes),
        "removed": sum(not each.after for each in plan.changes),
    }
    done = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
    if is_applied:
        return f"Done: {done}, {unchanged}."
    return f"This was a dry run: {done}, {unchanged}. Nothing was saved."
