"""The command `digest`: to an operator alone, what the channels read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot.database.engine import Database
from bot.digest.facts import DigestPolicy
from bot.digest.planner import DigestPlanner
from bot.digest.render import DigestMessage, requested_digest
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import FIRST_YEAR, local_day
from bot.domain.query.tokens import clean
from bot.domain.visibility import Privacy
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class DigestCommands:
    """The command `digest` in Slack; `clock` gives aware times."""

    database: Database
    templates: Templates
    planner: DigestPlanner
    policy: DigestPolicy
    clock: Callable[[], datetime]

    async def digest(self, request: Request, caller: Caller) -> None:
        """`digest [date]`: the digest of that morning, which tells of the day before; with everybody's names."""
        if caller.role is not Role.OPERATOR:
            raise RefusedError("The digest is for operators here. Your own yesterday: `yesterday`.")
        now = self.clock()
        day = date_of(clean(request.text).partition(" ")[2], now, self.planner)
        found = await self.database.read(
            lambda reader: requested_digest(reader, "", day, self.planner, self.policy, now)
        )
        await request.responder.respond(DigestMessage(found, self.templates, self.policy, Privacy.NAMED).message())


def date_of(text: str, now: datetime, planner: DigestPlanner) -> date:
    """The date typed, or today.

    Raises:
        RefusedError: it is none, or it is still to come.
    """
    today = local_day(now, planner.plan.zone)
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RefusedError(
            f"`{text}` is no date. Type one such as `{today}`: its digest tells of the day before."
        ) from None
    if day > today:
        raise RefusedError(f"`{text}` is still to come.")
    if day.year < FIRST_YEAR:
        raise RefusedError(f"`{text}` is before the year {FIRST_YEAR}. Type a date such as `{today}`.")
    return day
