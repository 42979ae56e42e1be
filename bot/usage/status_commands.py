"""The command `status`: how fresh and complete the data is; for operators, everything about the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import __version__
from bot.database.facts import database_bytes
from bot.domain import formatting
from bot.domain.access import Caller, Role
from bot.domain.cells import Cell, count_cell, moment_cell
from bot.domain.everyday.exact_commands import check_alone
from bot.domain.periods import local_day
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.passes.history import PassRecord
from bot.ledger.scope import Scope
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import Trusted, mention
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.usage.answers import Answers
from bot.usage.durations import ago
from bot.usage.status import (
    LedgerStatus,
    backup_text,
    details_text,
    ledger_status,
    message_counts_text,
    neo_total_text,
    read_kind_text,
    rejected_rows_text,
    task_counts_text,
)

_MOST_LISTED = 5  # so many quarantined rows, and undelivered messages
_PASS_COLUMNS = ("Started", "What was read", "Complete", "Tasks", "New", "Updated", "Error")


@dataclass(frozen=True, slots=True)
class StatusCommands:
    """The command `status` in Slack; `admins` are the operators of the settings."""

    answers: Answers
    templates: Templates
    admins: frozenset[str]

    async def status(self, request: Request, caller: Caller) -> None:
        """Answer with the status of the caller's scope. Raises RefusedError if more is typed than the command."""
        check_alone(request.text)
        now = self.answers.clock()
        status = await self.answers.database.read(
            lambda connection: ledger_status(connection, Scope.of(connection, caller), database_bytes(connection), now)
        )
        values = {**self._freshness(status, now, caller), **self._ledger(status, now), **self._instance()}
        is_operator = caller.role is Role.OPERATOR
        text = self.templates.render("usage/status", operator=is_operator, **values)
        draft = Draft(text.partition("\n")[0])
        draft.add(blocks.section(text))
        if is_operator and status.passes:
            self._add_passes(draft, status.passes)
        draft.add(blocks.context(self.templates.render("usage/status_footnote", operator=is_operator, **values)))
        await request.responder.respond(draft.message())

    def _freshness(self, status: LedgerStatus, now: datetime, caller: Caller) -> dict[str, object]:
        zone, as_of, since = self.answers.policy.zone, status.fresh.as_of, status.fresh.since
        age = None if as_of is None else now - as_of
        return {
            "warning": status.warning or "",
            "as_of": "" if as_of is None else f"{formatting.local_time(as_of, zone, now)} ({zone.key})",
            "age": "" if age is None else ago(age),
            "stale": age is None or age > self.answers.stale_after,
            "reading": self.answers.sync_progress(caller),
            "failure": self.answers.sync_failure(caller),
            "begins": "" if since is None else (self._day(since, now) if since else "with Neo's first task"),
        }

    def _ledger(self, status: LedgerStatus, now: datetime) -> dict[str, object]:
        return {
            "tasks": task_counts_text(status),
            "megabytes": f"{status.bytes / 2**20:,.1f}",
            "backup": backup_text(status.backup, self.answers.policy.zone, now),
            "neo_total": neo_total_text(status, now),
            "details": details_text(status, self.answers.policy.zone, now),
            "rejected": rejected_rows_text(status),
            "quarantine": [(one_line(each.key, 60), each.reason) for each in status.quarantine[:_MOST_LISTED]],
            "messages": message_counts_text(status.outbox, self.answers.policy.zone, now),
            "dead": [(key, one_line(why, 120)) for key, why, _ in status.outbox.dead[:_MOST_LISTED]],
        }

    def _instance(self) -> dict[str, object]:
        admins = ", ".join(mention(each) for each in sorted(self.admins))
        return {"admins": Trusted(admins or "none: set ADMINS"), "version": __version__}

    def _day(self, since: int, now: datetime) -> str:
        """Return the local day of a moment, in microseconds."""
        zone = self.answers.policy.zone
        return formatting.short_date(local_day(from_us(since), zone), local_day(now, zone))

    def _add_passes(self, draft: Draft, passes: Sequence[PassRecord]) -> None:
        draft.add_table("Last reads of Neo", _PASS_COLUMNS, [self._pass_cells(each) for each in passes])

    def _pass_cells(self, record: PassRecord) -> list[Cell]:
        complete = "yes" if record.complete else ("no" if record.finished_at else "running")
        counts = (record.tally.tasks, record.tally.new, record.tally.grown)
        started = moment_cell(record.started_at, self.answers.policy.zone)
        return [started, read_kind_text(record.kind), complete, *map(count_cell, counts), record.error or ""]
