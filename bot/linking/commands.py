"""The command `link @user e-mail`: an operator says who somebody is in Neo."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.domain.query.tokens import clean, split
from bot.ledger.members import stored_email
from bot.people import links
from bot.people.links import LinkError
from bot.slack.blocks import paragraph
from bot.slack.requests import Request
from bot.slack.templates import Templates

log = structlog.get_logger(__name__)

_USER = re.compile(r"<@([UW][A-Z0-9]+)>")
_NAME = re.compile(r"\s@[^\s@]+(?=\s|$)")  # typed as text, of which Slack has made no mention
_REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class LinkCommands:
    """The command `link` in Slack; `clock` gives aware times."""

    database: Database
    templates: Templates
    clock: Callable[[], datetime]

    async def link(self, request: Request, caller: Caller) -> None:
        """Link somebody, or undo it."""
        done = await self._done(request, caller)
        await request.responder.respond(paragraph(self.templates.render("people/link", **done)))

    async def _done(self, request: Request, caller: Caller) -> dict[str, object]:
        if caller.role is not Role.OPERATOR:
            return {"outcome": "operators"}
        meant = _meant(request.text)
        if meant is None:
            return {"outcome": "plain" if _NAME.search(f" {clean(request.text)}") else "usage"}
        user, email = meant
        try:
            return await self._written(user, email, request.user)
        except LinkError as error:
            return {"outcome": str(error)}

    async def _written(self, user: str, email: str, by: str) -> dict[str, object]:
        if email == _REMOVE:
            before = await self.database.write(lambda c: links.unlink(c, user, by, self.clock()))
            log.info("unlinked", user=user, by=by)
            return {"outcome": "removed" if before else "none", "user": user, "before": before}
        before = await self.database.write(lambda c: links.link(c, user, email, by, self.clock()))
        log.info("linked", user=user, by=by)
        key = stored_email(email)
        known = await self.database.read(lambda r: r.one("SELECT 1 FROM member WHERE email = :email", {"email": key}))
        outcome = "same" if before == key else "linked"
        return {"outcome": outcome, "user": user, "email": key, "before": before, "unknown": known is None}


def _meant(text: str) -> tuple[str, str] | None:
    """The Slack id and the e-mail of `link @user e-mail`, in any order; None if that is not what it says."""
    try:
        values = [word.values[0] for word in split(clean(text))[1:] if word.key is None]
    except ValueError:
        return None
    users = [match[1] for value in values if (match := _USER.fullmatch(value))]
    others = [value for value in values if not _USER.fullmatch(value)]
    if len(users) != 1 or len(others) != 1:
        return None
    return users[0], _REMOVE if others[0].lower() == _REMOVE else others[0]
