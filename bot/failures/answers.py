"""Answers about failures to whoever asked: the report, the tasks of a group, and what is silenced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slackblocks import Button

from bot.domain import wording
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.failures import phrases
from bot.failures.facts import FailedTask, first_line
from bot.failures.report import Errors, Line, Part
from bot.slack import message as slack
from bot.slack.message import Draft, Message
from bot.slack.rendering import Words, inert, mention

LIFT = "failure_lift"
_KINDS, _PARTS, _SILENCES = 25, 10, 5  # lines that an answer shows
_CELL = 200  # characters of an error


@dataclass(frozen=True, slots=True)
class View:
    """For whom an answer is shown."""

    words: Words
    zone: ZoneInfo
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """A silence that holds: its key, what it is about, until when, why, and by whom (a Slack id)."""

    id: int
    name: str
    until: datetime
    reason: str | None
    by: str


# --- the report ----------------------------------------------------------------------------------


def report(found: Errors, view: View, silences: Sequence[Quiet]) -> Message:
    """The report as a message."""
    text = view.words.say("failures/report", **_facts(found, view))
    draft = Draft(text.partition("\n")[0])
    draft.add(slack.section(text))
    if found.lines:
        _add_lines(draft, found, view)
    for title, parts in (("By model", found.by_model), ("By member", found.by_member)):
        if lines := _shares(parts):
            draft.add(slack.section(f"*{title}*\n" + "\n".join(lines)))
    _add_silences(draft, silences, view)
    draft.add(slack.context(view.words.say("failures/footnotes", **_freshness(found, view))))
    return draft.message()


def _facts(found: Errors, view: View) -> dict[str, object]:
    whose = "everybody" if found.members is None else ", ".join(found.members)
    start, end = (wording.moment(each, view.zone) for each in (found.window.start, found.window.end))
    return {
        "whose": one_line(whose),
        "when": str(found.question.asked_when) or "all time",
        "span": f"{start} to {end} {view.zone.key}",
        "failed": found.failed,
        "tasks": wording.count(found.tasks, "task"),
        "share": percent(found.failed, found.tasks),
        "spent": show_usd(found.nanos),
        "kinds": len(found.lines),
    }


def _freshness(found: Errors, view: View) -> dict[str, object]:
    as_of = "" if found.as_of is None else wording.moment(found.as_of, view.zone)
    return {"as_of": as_of, "complete": found.complete}


COLUMNS = ("Tasks", "Spent", "Members", "Model", "Ended as", "Last", "Error")
NUMBERS = (0, 1, 2)


def cells(line: Line, zone: ZoneInfo) -> list[str]:
    """A kind of failure as cells."""
    return [
        f"{line.tasks:,}",
        show_usd(line.nanos),
        f"{line.members:,}",
        line.model,
        line.status,
        wording.moment(line.last, zone),
        line.cap or line.error,
    ]


def _add_lines(draft: Draft, found: Errors, view: View) -> None:
    rows = [cells(line, view.zone) for line in found.lines[:_KINDS]]
    kept = slack.fitting(rows)
    draft.add(slack.table(COLUMNS, kept, NUMBERS), lambda: slack.plain_table(COLUMNS, rows, NUMBERS))
    if left := len(found.lines) - len(kept):
        rest = sum(line.tasks for line in found.lines[len(kept) :])
        draft.add(slack.context(f"and {left:,} other kinds, {wording.count(rest, 'task')}"))


def _shares(parts: Sequence[Part]) -> list[str]:
    """What share of the tasks failed, for the parts where some did."""
    failing = [part for part in parts if part.failed]
    lines = [
        f"{inert(one_line(part.name, 60))}  {part.failed:,} of {part.tasks:,} ({percent(part.failed, part.tasks)})"
        for part in failing
    ]
    more = len(failing) - _PARTS
    return [*lines[:_PARTS], *([f"and {more:,} more"] if more > 0 else [])]


def percent(part: int, whole: int) -> str:
    """A share in percent: whole ones, but never 0 for what is something."""
    if not part or not whole:
        return "0 %"
    share = part * 100 / whole
    return "<1 %" if share < 1 else f"{share:.0f} %"


def _add_silences(draft: Draft, silences: Sequence[Quiet], view: View) -> None:
    for each in silences[:_SILENCES]:
        draft.add(slack.context(silenced(each, view.zone)))
    if len(silences) > _SILENCES:
        draft.add(slack.context(f"and {len(silences) - _SILENCES:,} more silences"))
    if silences:
        draft.add(slack.actions([lifting(each) for each in silences[:_SILENCES]]))


def silenced(each: Quiet, zone: ZoneInfo) -> str:
    """A silence in words."""
    why = f": {inert(each.reason)}" if each.reason else ""
    return (
        f":zzz: Silenced through {wording.last_day(each.until, zone)}, {inert(each.name)}, by {mention(each.by)}{why}"
    )


def lifting(each: Quiet, action: str = LIFT) -> Button:
    """The button that ends a silence."""
    return slack.button(one_line(f"Lift: {each.name}", 60), f"{action}:{each.id}", str(each.id))


# --- the tasks of a group ------------------------------------------------------------------------

_TASK_COLUMNS = ("Task", "Spent", "Member", "Failed", "Title", "Error")


def tasks(found: Sequence[FailedTask], view: View) -> Message:
    """The tasks of a group, the latest first."""
    text = view.words.say("failures/tasks", count=wording.count(len(found), "failed task"))
    draft = Draft(text)
    draft.add(slack.section(text))
    rows = [_task_cells(each, view) for each in found]
    kept = slack.fitting(rows)
    if rows:
        draft.add(slack.table(_TASK_COLUMNS, kept, (1,), _CELL), lambda: slack.plain_table(_TASK_COLUMNS, rows, (1,)))
    if len(kept) < len(rows):
        draft.add(slack.context(f"and {len(rows) - len(kept):,} more or so: `errors` and `rows` list them"))
    if view.address and kept:
        links = ", ".join(phrases.link(view.address, each.task_id) for each in found[:10])
        draft.add(slack.context(f"In Neo: {links}"))
    return draft.message()


def _task_cells(each: FailedTask, view: View) -> list[str]:
    amount = "unknown" if each.nanos is None else show_usd(each.nanos)
    when = wording.moment(each.failed_at, view.zone) + (" (completed since)" if each.mended else "")
    return [each.task_id[:8], amount, each.member, when, each.title or "", first_line(each.error)]
