"""The command `link @user e-mail`: an operator matches a Slack user to a member of the Neo team."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.domain.everyday.typography import plain
from bot.domain.query.tokens import clean, split, without_markup
from bot.domain.slack_ids import format_mention, parse_mention
from bot.ledger.members import member_id, stored_email
from bot.people import links
from bot.people.links import LinkedElsewhereError, LinkError
from bot.slack.blocks import paragraph
from bot.slack.requests import Request
from bot.slack.templates import Templates

log = structlog.get_logger(__name__)

_ADDRESS = re.compile(r"[^\s@<]+@[^\s@]+|<@[^>]*>")
_REMOVE = "remove"
_BESIDE = {"to", "with", "and", "as", "is", "in", "neo", "=", "->", "the", "link", "of"}
_ME = {"me", "myself"}
_KNOWN = _BESIDE | _ME | {_REMOVE}


@dataclass(frozen=True, slots=True)
class LinkCommands:
    """The command `link` in Slack; `clock` gives aware times."""

    database: Database
    templates: Templates
    clock: Callable[[], datetime]

    async def link(self, request: Request, caller: Caller) -> None:
        """Link somebody or remove their link, and answer with the outcome."""
        outcome = await self._outcome(request, caller)
        await request.responder.respond(paragraph(self.templates.render("people/link", **outcome)))

    async def _outcome(self, request: Request, caller: Caller) -> dict[str, object]:
        """Do what was typed, and return the values of the template."""
        if caller.role is not Role.OPERATOR:
            return {"outcome": "operators"}
        arguments = _arguments(request.text, request.user)
        if arguments is None:
            return {"outcome": "plain" if _names_somebody(request.text) else "usage"}
        user, email = arguments
        try:
            return await (
                self._unlink(user, request.user) if email == _REMOVE else self._link(user, email, request.user)
            )
        except LinkedElsewhereError as error:
            return {"outcome": "elsewhere", "email": error.email, "user": error.holder}
        except LinkError as error:
            return {"outcome": str(error)}

    async def _unlink(self, user: str, by: str) -> dict[str, object]:
        before = await self.database.write(lambda connection: links.unlink(connection, user, by, self.clock()))
        log.info("unlinked", user=user, by=by)
        return {"outcome": "removed" if before else "none", "user": user, "before": before}

    async def _link(self, user: str, email: str, by: str) -> dict[str, object]:
        """Link a user. Raises LinkError if the e-mail is no address, or linked to somebody else."""
        before = await self.database.write(lambda connection: links.link(connection, user, email, by, self.clock()))
        log.info("linked", user=user, by=by)
        address = stored_email(email)
        member = await self.database.read(lambda connection: member_id(connection, address))
        outcome = "same" if before == address else "linked"
        return {"outcome": outcome, "user": user, "email": address, "before": before, "unknown": member is None}


def _arguments(text: str, own: str) -> tuple[str, str] | None:
    """Return the Slack id and the e-mail (or `remove`) of a line, in any order; None if it has not just these.

    `own` is the id of whoever typed it, whom `me` means.
    """
    try:
        words = [word.values[0] for word in split(clean(text))[1:] if word.key is None]
    except ValueError:
        return None
    values = [format_mention(own) if word.lower() in _ME else word for word in words if word.lower() not in _BESIDE]
    users = [user for value in values if (user := parse_mention(value))]
    others = [value for value in values if parse_mention(value) is None]
    if len(users) != 1 or len(others) != 1:
        return None
    return users[0], _REMOVE if others[0].lower() == _REMOVE else others[0]


def _names_somebody(text: str) -> bool:
    """Return whether a line has a name that was typed as plain text, not picked as a mention: `link ana a@acme.dev`."""
    _, *words = plain(text).split()
    names = [word for word in words if not _ADDRESS.fullmatch(without_markup(word)) and word.lower() not in _KNOWN]
    return bool(names) and not any(parse_mention(word) for word in words)
