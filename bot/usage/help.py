"""Help and status: what the bot says about itself in Slack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import __version__
from bot.database.reader import file_bytes
from bot.domain import formatting
from bot.domain.access import Caller, Role
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.passes import PassRecord
from bot.ledger.scope import Scope
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import Trusted, mention
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.usage.answers import Answers
from bot.usage.durations import ago
from bot.usage.outbox_formatting import message_counts
from bot.usage.status import Status, status

_MOST_QUARANTINED = 5
_COUNTS = range(3, 6)  # the columns of a pass that are numbers

FOR_OPERATORS = (
    ("/neo-usage team 7d by:member", "everybody, the last seven days"),
    ("/neo-usage team last month by:model", "what the money went to"),
    ("/neo-usage team 30d by:day", "a chart of the days"),
    ("/neo-usage @ana this week", "one person"),
    ("/neo-usage team yesterday status:error,failed rows", "the tasks that failed"),
)
FOR_MEMBERS = (
    ("/neo-usage", "your spend, this month so far"),
    ("/neo-usage 7d by:model", "what you spent it on"),
    ("/neo-usage 30d by:day", "a chart of your days"),
    ("/neo-usage last month rows top:10", "your dearest tasks"),
)


@dataclass(frozen=True, slots=True)
class HelpCommands:
    """Help and status; `path` is the ledger's file, `operators` gives the Slack ids of those there are."""

    source: Answers
    templates: Templates
    path: Path
    admins: frozenset[str]

    async def help(self, request: Request, caller: Caller) -> None:
        """What can be asked, by whoever reads it."""
        operator = caller.role is Role.OPERATOR
        failing, usual = (f"status:{','.join(each)} " for each in (self.source.policy.failing, FAILED_STATUSES))
        lines = FOR_OPERATORS if operator else FOR_MEMBERS
        examples = [(line.replace(usual, failing), meaning) for line, meaning in lines]
        text = self.templates.render("usage/help", operator=operator, examples=examples)
        draft = Draft("What Neo costs: /neo-usage, with time, filters and groups in any order.")
        draft.add(blocks.section(text))
        await request.responder.respond(draft.message())

    async def status(self, request: Request, caller: Caller) -> None:
        """How fresh and whole the data is; for operators, everything about the ledger."""
        now, size = self.source.clock(), file_bytes(self.path)
        found = await self.source.database.read(lambda reader: status(reader, Scope.of(reader, caller), size, now))
        text = self.templates.render("usage/status", **self._facts(found, now, caller))
        draft = Draft(
            f"neo-usage {__version__}: data as of {self._moment(found.fresh.as_of) or 'no complete reading'}."
        )
        draft.add(blocks.section(text))
        if caller.role is Role.OPERATOR and found.passes:
            self._add_passes(draft, found.passes)
        await request.responder.respond(draft.message())

    def _facts(self, found: Status, now: datetime, caller: Caller) -> dict[str, object]:
        as_of, since = found.fresh.as_of, found.fresh.since
        age = None if as_of is None else now - as_of
        return {
            "operator": caller.role is Role.OPERATOR,
            "warning": found.warning or "",
            "as_of": self._moment(as_of),
            "age": "" if age is None else ago(age),
            "stale": age is None or age > self.source.stale_after,
            "reading": self.source.reading(caller),
            "failure": self.source.failure(caller),
            "begins": "" if since is None else (self._moment(from_us(since)) if since else "the beginning"),
            "tasks": formatting.count(found.tasks, "task"),
            "members": formatting.count(found.members, "member"),
            "without_cost": f"{found.without_cost:,}" if found.without_cost else "",
            "missing": f"{found.missing:,}" if found.missing else "",
            "megabytes": f"{found.bytes / 2**20:,.1f}",
            "quarantined": formatting.count(len(found.quarantine), "row"),
            "quarantine": [(one_line(each.key, 60), each.reason) for each in found.quarantine[:_MOST_QUARANTINED]],
            "messages": message_counts(found.outbox, self.source.policy.zone),
            "dead": [(key, one_line(why, 120)) for key, why, _ in found.outbox.dead[:_MOST_QUARANTINED]],
            "admins": Trusted(", ".join(mention(each) for each in sorted(self.admins)) or "none: set ADMINS"),
            "version": __version__,
        }

    def _moment(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(self.source.policy.zone):%Y-%m-%d %H:%M}"

    def _add_passes(self, draft: Draft, passes: Sequence[PassRecord]) -> None:
        columns = ["Read", "Started", "Complete", "Pages", "New", "Grown", "Error"]
        rows = [
            [
                each.kind,
                self._moment(each.started_at),
                "yes" if each.complete else ("no" if each.finished_at else "under way"),
                *(f"{count:,}" for count in (each.tally.pages, each.tally.new, each.tally.grown)),
                each.error or "",
            ]
            for each in passes
        ]
        draft.add(blocks.table(columns, rows, _COUNTS), lambda: blocks.plain_table(columns, rows, _COUNTS))
