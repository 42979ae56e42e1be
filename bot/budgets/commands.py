"""Budgets in Slack: set, listed, asked for, acknowledged, left in quiet; every act is authorised anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.budgets import budget_formatting, changes, forms, render, store
from bot.budgets.changes import BudgetChange
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.facts import email_of
from bot.budgets.grammar import BudgetInstruction, parse_instruction
from bot.budgets.keys import BudgetTopic
from bot.budgets.listing import COLUMNS, NUMBERS, BudgetLine, budget_listing, rows
from bot.budgets.rules import DEFAULT, TEAM, UNITS, Audience, budget_period, operator_audience
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.money import show_usd
from bot.domain.periods import Unit, day_start, local_day
from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import clean, split
from bot.ledger.members import member_id
from bot.outbox.live_store import request_edits
from bot.people.people import People
from bot.people.rate_limit import count_message
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import readable_text
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = structlog.get_logger(__name__)

_MOST_HOURS = 24 * 31


@dataclass(frozen=True, slots=True)
class BudgetCommands:
    """What people type and press about budgets in Slack; `clock` gives aware times."""

    database: Database
    people: People
    workspace: Workspace
    templates: Templates
    evaluator: BudgetEvaluator
    clock: Callable[[], datetime]

    async def budget(self, request: Request, caller: Caller) -> None:
        """Set or remove a budget, or ask for one."""
        line = _after_first(request.text)
        if not line and request.trigger:
            await self.fill_in(request, caller)
            return
        if not line:
            await self.budgets(request, caller)
            return
        await self._done_as_asked(request, caller, parse_instruction(line, self.clock(), self.evaluator.policy.zone))

    async def _done_as_asked(
        self, request: Request, caller: Caller, meant: BudgetInstruction, expected: int | None = None
    ) -> None:
        if meant.request:
            await self._ask(request, caller, meant)
            return
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators set budgets. Ask for one: `budget request 800/month`.")
        if (meant.scope or "").startswith("<@"):
            meant = replace(meant, scope=await self.people.email_of_mention(meant.scope or ""), newcomer=True)
        done = await self.database.write(lambda c: self._applied(c, meant, request.user, expected))
        log.info("budget", by=request.user, removed=meant.nanos is None, same=all(each.same for each in done))
        await self._say(request, "budgets/change_confirmation", done=[self._done(each) for each in done])

    def _applied(
        self, connection: "Connection", meant: BudgetInstruction, by: str, expected: int | None
    ) -> list[BudgetChange]:
        now = self.clock()
        if meant.nanos is None:
            return changes.remove(connection, self.evaluator, meant, by, now)
        return [changes.set_limit(connection, self.evaluator, meant, by, now, expected)]

    async def fill_in(self, request: Request, caller: Caller) -> None:
        """Put the form in front of somebody; its answer goes to the request's channel."""
        await self._open(request, caller, forms.Opened())

    # --- forms ---------------------------------------------------------------------------------------

    async def _open(self, request: Request, caller: Caller, opened: forms.Opened) -> None:
        """Put the form in front of somebody: to set a limit (operators), or to ask for one."""
        if caller.role is not Role.OPERATOR:
            await self._member(caller)
            opened = replace(opened, scope=None, revision=None)
        operator = caller.role is Role.OPERATOR
        view = forms.view(opened, request.channel, request_=not operator)
        await self.workspace.views.open_form(request.trigger, view)

    async def open_raise_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which the limit of an alert's budget is changed or asked for."""
        subject = await self._may_touch(caller, request.text)
        _, _, unit, _ = request.text.split(":")
        sql = (
            "SELECT coalesce((SELECT email FROM member WHERE id = :s), 'team'),"
            " coalesce((SELECT revision FROM budget WHERE scope = :s AND unit = :u AND limit_nanos IS NOT NULL), 0)"
        )
        row = (await self.database.read(lambda reader: reader.rows(sql, {"s": subject, "u": unit})))[0]
        await self._open(request, caller, forms.Opened(row[0], Unit(unit), row[1]))

    def check(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong with a form that was filled in, by field."""
        return forms.wrong(fields, self.clock(), self.evaluator.policy.zone)

    async def submit(self, request: Request, caller: Caller) -> None:
        """Set or ask for the budget that was filled into a form."""
        opened = forms.opened(request.text)
        meant = forms.asked(request.fields, opened, self.clock(), self.evaluator.policy.zone)
        await self._done_as_asked(request, caller, meant, opened.revision if meant.unit is opened.unit else None)

    def _done(self, done: BudgetChange) -> dict[str, object]:
        zone = self.evaluator.policy.zone
        after, before = done.after, done.before
        return {
            "scope": {"team": "The team", "default": "Everyone without their own"}.get(done.scope.lower(), done.scope),
            "unit": done.unit.value,
            "same": done.same,
            "after": show_usd(after.limit_nanos or 0) if after else "",
            "before": show_usd(before.limit_nanos or 0) if before else "",
            "ends_at": formatting.last_day(after.ends_at, zone) if after and after.ends_at else "",
            "then": show_usd(done.then_nanos) if done.then_nanos else "",
            "known": done.known,
        }

    # --- listing -----------------------------------------------------------------------------------

    async def budgets(self, request: Request, caller: Caller) -> None:
        """All budgets for an operator; one's own for everybody else."""
        operator = caller.role is Role.OPERATOR
        member = None if operator else await self._member(caller)
        now, terms = self.clock(), self.evaluator.policy
        lines = await self.database.read(lambda reader: budget_listing(reader, terms, now, member))
        text = self.templates.render("budgets/listing", operator=operator, count=len(lines), steps=terms.steps)
        draft = Draft(text)
        draft.add(blocks.section(text))
        if lines:
            self._add_lines(draft, lines)
        await request.responder.respond(draft.message())

    def _add_lines(self, draft: Draft, lines: list[BudgetLine]) -> None:
        cells = rows(lines, self.evaluator.policy)
        kept = blocks.fitting_rows(cells)
        draft.add(blocks.table(COLUMNS, kept, NUMBERS), lambda: blocks.plain_table(COLUMNS, cells, NUMBERS))
        if len(kept) < len(cells):
            draft.add(blocks.context(f"and {len(cells) - len(kept):,} more: `neo-usage budget list` shows all"))

    async def _member(self, caller: Caller) -> int:
        """The member somebody is in the ledger."""
        own = await self._own(caller)
        if own is None:
            raise self.people.unmatched_error()
        return own

    async def _own(self, caller: Caller) -> int | None:
        """The member somebody is in the ledger, if they are one."""
        return await self.database.read(lambda reader: member_id(reader, caller.member))

    # --- asking for more -----------------------------------------------------------------------------

    async def _ask(self, request: Request, caller: Caller, meant: BudgetInstruction) -> None:
        member = await self._member(caller)
        await self.database.write(lambda c: changes.request_budget(c, member, meant, request.user, self.clock()))
        limit = budget_formatting.limit_of(meant.nanos or 0, meant.unit or Unit.MONTH)
        await self._say(request, "budgets/request_sent", limit=limit, whom=readable_text(self.people.whom_to_ask()))

    # --- buttons -------------------------------------------------------------------------------------

    async def acknowledge(self, request: Request, caller: Caller) -> None:
        """Record that somebody has seen an alert."""
        await self._may_touch(caller, request.text)
        limited = caller.role is not Role.OPERATOR
        before = await self.database.write(lambda c: self._acknowledged(c, request, limited=limited))
        by, at = before or (request.user, self.clock())
        when = formatting.moment(at, self.evaluator.policy.zone)
        await self._say(request, "budgets/acknowledgement", again=before is not None, by=render.person(by), when=when)

    def _acknowledged(
        self, connection: "Connection", request: Request, *, limited: bool
    ) -> tuple[str, datetime] | None:
        """Acknowledge; operators, whose work it is, as often as they like."""
        before = changes.acknowledge(connection, request.text, request.user, self.clock())
        if before is None and limited:
            count_message(connection, request.user, self.clock())
        return before

    async def _may_touch(self, caller: Caller, name: str) -> int:
        """The subject of a living message, if whoever acts on it is that member or an operator."""
        subject = int(name.split(":")[1])
        if caller.role is not Role.OPERATOR and (subject == TEAM or subject != await self._member(caller)):
            raise RefusedError("This is somebody else's budget: they and the operators act on it.")
        return subject

    async def approve(self, request: Request, caller: Caller) -> None:
        """Approve a request, if it is still open."""
        await self._decide(request, caller, approve=True)

    async def decline(self, request: Request, caller: Caller) -> None:
        """Decline a request, if it is still open."""
        await self._decide(request, caller, approve=False)

    async def _decide(self, request: Request, caller: Caller, *, approve: bool) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators decide on requests.")
        key, _, seen = request.text.partition(":")
        was = await self.database.write(
            lambda c: changes.decide_request(
                c, self.evaluator, int(key), approve=approve, by=request.user, now=self.clock(), seen=seen
            )
        )
        if was is None:
            raise RefusedError("That request is no longer there.")
        by = render.person(was.decided_by or request.user)
        await self._say(request, "budgets/decision_confirmation", approve=approve, state=was.state, by=by)

    # --- quiet ---------------------------------------------------------------------------------------

    async def snooze(self, request: Request, caller: Caller) -> None:
        """`snooze [@user] 1h|today|period [reason]`: one's own direct messages, or (operators) the channel's."""
        whose, how, reason = _snooze_of(request.text)
        if whose is None:
            subject, audience = await self._member(caller), Audience.DM
        elif caller.role is Role.OPERATOR:
            subject, audience = await self._subject(whose), Audience.CHANNEL
        else:
            raise RefusedError("You can snooze your own messages: `snooze today`. Operators snooze the channel's.")
        await self._quiet(request, subject, list(UNITS), audience, how, reason)

    async def _subject(self, whose: str) -> int:
        if whose.lower() == "team":
            return TEAM
        name = await self.people.email_of_mention(whose) if whose.startswith("<@") else whose
        subject = await self.database.write(lambda c: changes.scope_of(c, name))
        if subject == DEFAULT:
            raise RefusedError("Whose? `snooze @ana today`, or `snooze team today`.")
        return subject

    async def press_snooze(self, request: Request, caller: Caller) -> None:
        """Snooze the alerts of the budget that an alert is about, for as long as the button says."""
        how = request.action.partition(":")[2]
        subject = await self._may_touch(caller, request.text)
        if not request.in_dm and caller.role is not Role.OPERATOR:
            raise RefusedError("Operators snooze the channel. For your own direct messages: `snooze today`.")
        audience = await self._audience(request, caller, subject)
        await self._quiet(request, subject, [Unit(request.text.split(":")[2])], audience, how, None)

    async def _audience(self, request: Request, caller: Caller, subject: int) -> str:
        """Whom a snooze is for that was pressed: whoever reads the message that it was pressed on."""
        if not request.in_dm:
            return Audience.CHANNEL
        if subject != TEAM and subject == await self._own(caller):
            return Audience.DM
        # an operator reads of the team there, and of others where those are kept out of the channel
        return operator_audience(request.user)

    async def _quiet(  # noqa: PLR0917 - what a snooze is made of
        self, request: Request, subject: int, units: list[Unit], audience: str, how: str, reason: str | None
    ) -> None:
        now = self.clock()
        ends = {unit: self._until(how, unit, now) for unit in units}
        await self.database.write(lambda c: self._keep_quiet(c, subject, ends, audience, request.user, reason))
        until = formatting.moment(
            min(ends.values()) if how != "period" else max(ends.values()), self.evaluator.policy.zone
        )
        direct = audience != Audience.CHANNEL
        email = await self.database.read(lambda reader: email_of(reader, subject))
        whose = "" if audience == Audience.DM else email or "the team"
        where = "your direct messages" if direct else "the channel"
        values = {"where": where, "whose": whose, "until": until, "period": how == "period"}
        await self._say(request, "budgets/snooze_confirmation", **values)

    def _keep_quiet(  # noqa: PLR0917 - what a snooze is made of
        self, connection: "Connection", subject: int, ends: dict[Unit, datetime], audience: str, by: str,
        reason: str | None,
    ) -> None:  # fmt: skip
        now = self.clock()
        for unit, until in ends.items():
            store.snooze(connection, subject, unit, audience, until, by, reason, now)
            request_edits(connection, [BudgetTopic.of(subject, budget_period(unit, now, self.evaluator.policy.zone))])

    def _until(self, how: str, unit: Unit, now: datetime) -> datetime:
        zone = self.evaluator.policy.zone
        if how == "today":
            return day_start(local_day(now, zone) + timedelta(days=1), zone)
        if how == "period":
            return budget_period(unit, now, zone).window.end
        return now + timedelta(hours=int(how.removesuffix("h")))

    # --- how it is said ----------------------------------------------------------------------------

    async def _say(self, request: Request, template: str, **values: object) -> None:
        await request.responder.respond(blocks.paragraph(self.templates.render(template, **values)))


def _after_first(text: str) -> str:
    return clean(text).partition(" ")[2]


def _snooze_of(text: str) -> tuple[str | None, str, str | None]:
    """Whose, for how long, and why, of a `snooze` command."""
    line = clean(text)
    try:
        words = split(line)[1:]
    except UnclosedQuoteError:
        words = split(line.replace('"', ""))[1:]
    for place, word in enumerate(words[:2]):
        how = word.bare
        hours = how.removesuffix("h")
        if how in {"today", "period"} or (how.endswith("h") and hours.isascii() and hours.isdigit()):
            if hours.isdigit() and not 1 <= int(hours[:6]) <= _MOST_HOURS:
                raise RefusedError(f"`{word.values[0]}`: from `1h` to `{_MOST_HOURS}h`.")
            reason = " ".join(each.raw.strip('"') for each in words[place + 1 :])
            return (words[0].values[0] if place else None), how, reason[:200] or None
    near = next((meant for word in words[:2] if (meant := nearest(word.values[0], ("today", "period")))), None)
    hint = f"Did you mean `snooze {near}`? " if near else ""
    raise RefusedError(f"{hint}For how long? `snooze 1h`, `snooze today`, or `snooze period` until it starts again.")
