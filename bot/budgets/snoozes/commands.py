"""Snoozes in Slack: members snooze their own direct messages, operators the channel."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.audiences import Audience, OperatorAudience, SnoozeAudience
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import BudgetTopic, SnoozeAction
from bot.budgets.limits.store import narrowings_of
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.budgets.scopes import email_of
from bot.budgets.snoozes.grammar import Length, SnoozeInstruction, parse_snooze
from bot.budgets.snoozes.length import SnoozeEnd, SnoozeLength
from bot.budgets.snoozes.store import NewSnooze, cut_short, cut_short_all, put_snooze
from bot.budgets.whose import named
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import Unit
from bot.domain.query.errors import AmbiguousError
from bot.outbox.live_store import request_edits
from bot.slack import blocks
from bot.slack.line_errors import CommandAction, line_error_message
from bot.slack.requests import Request
from bot.slack.templates import Templates

_FOR = re.compile(r"(?:for|of|about) (?P<whose>\S+(?: \S+){0,2})", re.IGNORECASE)
_DEFAULT = "Type whose alerts to snooze: `snooze @ana today` or `snooze team today`."


@dataclass(frozen=True, slots=True)
class _Snooze:
    """Which budgets are snoozed, for whom, for how long, and why."""

    subject: int
    units: Sequence[Unit]
    audience: SnoozeAudience
    length: Length
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SnoozeCommands:
    """What people type and press to snooze budgets; `clock` gives aware times."""

    database: Database
    names: NamedSubjects
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def snooze(self, request: Request, caller: Caller) -> None:
        """Snooze the caller's direct messages or, for an operator, the channel; or end such a snooze.

        A day that may be one of two is asked back, with a button for each. What everyday words would keep from the
        channel is asked back, too: `mute ana for 2h` may have been meant for oneself alone.
        """
        try:
            await self._snooze(request, caller)
        except AmbiguousError as error:
            await request.responder.respond(line_error_message(error, self.templates, CommandAction))

    async def _snooze(self, request: Request, caller: Caller) -> None:
        typed = await self._typed(request, caller)
        if typed.whose is None and typed.length is None and caller.role is Role.OPERATOR:  # who may be nobody in Neo
            await self._end(request, caller, await self.authorization.known_member_of(caller), Audience.DM)
            return
        audience = Audience.DM if typed.whose is None else Audience.CHANNEL
        if typed.whose is None:
            subject = await self.authorization.member_of(caller)
        elif caller.role is Role.OPERATOR:
            subject = await self.names.subject(typed.whose, _DEFAULT)
        else:
            raise RefusedError("Only operators can snooze the channel. To snooze your own DMs, type `snooze today`.")
        if typed.length is None:
            await self._end(request, caller, subject, audience)
            return
        if audience is Audience.CHANNEL and request.in_everyday_words:
            whose = await self._whose(subject)
            why = f"Should I snooze budget alerts about {whose} in the channel, for everyone?"
            raise AmbiguousError((request.text,), why)
        await self._carry_out(request, _Snooze(subject, UNITS, audience, typed.length, typed.reason))

    async def _typed(self, request: Request, caller: Caller) -> SnoozeInstruction:
        """Return what was typed; `for marcus` behind the length is whose alerts if somebody is called so.

        Raises as `parse_snooze`, or RefusedError if several people are called so.
        """
        typed = parse_snooze(request.text, self.clock(), self.policy.zone)
        behind = _FOR.fullmatch(typed.reason or "")
        if behind is None or typed.whose is not None or caller.role is not Role.OPERATOR:
            return typed
        names = named(behind["whose"].split())
        if len(names) != 1 or await self.names.email(names[0]) is None:
            return typed
        return replace(typed, whose=names[0], reason=None)

    async def _end(self, request: Request, caller: Caller, subject: int | None, audience: Audience) -> None:
        """End what was snoozed; the timer of budgets notifies of what was deferred.

        For an operator, snoozes in their own DMs end too: of that subject or, with those of oneself, of everybody.
        """
        operator = request.user if caller.role is Role.OPERATOR else None
        ended, mine = await self.database.write(lambda c: self._cut_short(c, subject, audience, operator))
        where = "your DMs" if mine and not ended else f"{_where(audience)}{' and your DMs' if mine else ''}"
        is_own = audience is Audience.DM or subject is None
        text = self.templates.render(
            "budgets/snooze_ended",
            ended=ended + mine,
            whose="" if is_own or subject is None else await self._whose(subject),
            where="your DMs" if is_own else where,
            operator=operator is not None,
        )
        await request.responder.respond(blocks.paragraph(text))

    def _cut_short(
        self, connection: Connection, subject: int | None, audience: Audience, operator: str | None
    ) -> tuple[int, int]:
        """Return how many snoozes of the audience were ended, and how many of an operator's own DMs."""
        now = self.clock()
        ended = 0 if subject is None else cut_short(connection, subject, audience, now)
        if operator is None:
            return ended, 0
        if subject is None or audience is Audience.DM:
            return ended, cut_short_all(connection, OperatorAudience(operator), now)
        return ended, cut_short(connection, subject, OperatorAudience(operator), now)

    async def press_snooze(self, request: Request, caller: Caller) -> None:
        """Snooze the budget that an alert is about, for as long as the button says."""
        key = SnoozeAction.decode(request.action, request.text)
        await self.authorization.check_subject(caller, key.topic.subject)
        if not request.in_dm and caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can snooze the channel. To snooze your own DMs, type `snooze today`.")
        audience = await self._audience(request, caller, key.topic.subject)
        await self._carry_out(request, _Snooze(key.topic.subject, [key.topic.unit], audience, key.length))

    async def _audience(self, request: Request, caller: Caller, subject: int) -> SnoozeAudience:
        """Return who reads the message whose button was pressed."""
        if not request.in_dm:
            return Audience.CHANNEL
        if subject != TEAM and subject == await self.authorization.known_member_of(caller):
            return Audience.DM
        # operators read there of the team, and of others where those are kept out of the channel
        return OperatorAudience(request.user)

    async def _carry_out(self, request: Request, snooze: _Snooze) -> None:
        now, zone = self.clock(), self.policy.zone
        until = {unit: snooze.length.until(unit, now, zone) for unit in snooze.units}
        await self.database.write(lambda c: self._put(c, snooze, until, request.user))
        is_period = snooze.length == SnoozeLength(SnoozeEnd.PERIOD) and len(until) > 1
        text = self.templates.render(
            "budgets/snooze_confirmation",
            where=_where(snooze.audience),
            whose="" if snooze.audience is Audience.DM else await self._whose(snooze.subject),
            until=formatting.dated_time(max(until.values()), zone, now),
            period=is_period,
            zone=zone.key,
        )
        await request.responder.respond(blocks.paragraph(text))

    def _put(self, connection: Connection, snooze: _Snooze, until: Mapping[Unit, datetime], by: str) -> None:
        now = self.clock()
        for unit, ends_at in until.items():
            put_snooze(connection, NewSnooze(snooze.subject, unit, snooze.audience, ends_at, by, snooze.reason), now)
            for narrowing in narrowings_of(connection, unit):
                period = budget_period(unit, now, self.policy.zone, narrowing)
                request_edits(connection, [BudgetTopic.of(snooze.subject, period)])

    async def _whose(self, subject: int) -> str:
        email = await self.database.read(lambda connection: email_of(connection, subject))
        return "the team" if email is None else await self.names.display_name(email)


def _where(audience: SnoozeAudience) -> str:
    return "the channel" if audience is Audience.CHANNEL else "your DMs"
