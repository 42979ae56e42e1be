"""The router: finds who makes a request, has the right capability handle it, and answers whatever goes wrong."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from secrets import token_hex
from time import perf_counter

import structlog
from structlog.contextvars import bound_contextvars

from bot.capability import Clock, Handler
from bot.database.errors import UnusableError
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.commands import command_line
from bot.domain.everyday.exact_commands import exact_line, politely_asked
from bot.domain.everyday.pointing import pointed_line
from bot.domain.keys import MalformedKeyError, kind_of
from bot.domain.query.checks import MAX_LINE
from bot.domain.query.errors import QueryError, UnclosedQuoteError, WhenError
from bot.measurements import UNMEASURED, Measurements
from bot.people.people import DeniedError, People
from bot.registry import Registry
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import FormNotOpenedError, SlackError
from bot.slack.last_lines import LastLines
from bot.slack.line_errors import CommandAction
from bot.slack.requests import Request, RequestKind
from bot.slack.responders import ReplacingResponder
from bot.slack.templates import Templates
from bot.slack.understood import announced

log = structlog.get_logger(__name__)

_KEPT = 200  # characters of a line that the next one may point to
LONGEST_SECONDS = 1_500  # an answer's: Slack takes it for thirty minutes


@dataclass(frozen=True, slots=True)
class Router:
    """Sends every request to its handler: commands by their first word, buttons and forms by the kind of their id.

    The command of an empty line is "". Whatever is no command is a question. App Home is shown to everybody who opens
    it, whoever they are. `measurements` counts the requests. What each person typed last in a conversation is kept in
    `last_lines`, for lines that point back to it.
    """

    people: People
    templates: Templates
    registry: Registry
    clock: Clock
    measurements: Measurements = UNMEASURED
    last_lines: LastLines = field(default_factory=LastLines)

    def form_errors(self, form: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with what was filled into a form, by field."""
        handler = self.registry.forms.get(kind_of(form))
        return {} if handler is None else handler.validate(fields)

    async def serve(self, request: Request) -> None:
        """Answer a request, whatever happens; it raises nothing but being cancelled.

        All that is logged on the way carries the request's reference, which an answer to an error names.
        """
        reference = token_hex(4)
        with bound_contextvars(request=reference):
            await self._serve(request, reference)

    async def _serve(self, request: Request, reference: str) -> None:
        began = perf_counter()
        outcome = "answered"
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._answer(request, reference)
        except asyncio.CancelledError:
            outcome = "broken off"
            with suppress(SlackError):
                await request.responder.respond(self._message("usage/restart_notice"))
            raise
        except TimeoutError:
            outcome = "too late"
            with suppress(SlackError):
                await request.responder.respond(self._message("usage/timeout", minutes=LONGEST_SECONDS // 60))
        except SlackError as error:
            outcome = str(error)
        finally:
            seconds = perf_counter() - began
            self.measurements.record_answer(request.kind, seconds)
            log.info("request", kind=request.kind.value, user=request.user, ms=round(seconds * 1000), outcome=outcome)

    async def _answer(self, request: Request, reference: str) -> None:
        try:
            await self._handle(request)
        except DeniedError as denial:
            await request.responder.respond(self._message("people/denial", reason=denial.reason.value))
        except (RefusedError, WhenError, QueryError, UnclosedQuoteError) as refusal:
            await request.responder.respond(self._message("usage/refusal", reason=str(refusal)))
        except UnusableError as error:
            log.warning("could not answer", why=error.why, kind=request.kind.value)
            await request.responder.respond(self._message("usage/database_unavailable", unreachable=error.unreachable))
        except FormNotOpenedError as failure:
            log.warning("Slack did not open a form", user=request.user, why=str(failure))
            await request.responder.respond(
                self._message("usage/form_not_opened", pressed=request.kind is RequestKind.BUTTON)
            )
        except SlackError:
            raise
        except Exception:
            log.exception("could not answer", kind=request.kind.value)
            await request.responder.respond(self._message("usage/internal_error", reference=reference))

    async def _handle(self, request: Request) -> None:
        if request.kind is RequestKind.HOME:
            await self.registry.home(request)
            return
        caller = await self.people.caller(request.user)
        request = _as_typed(request)
        if request.kind in {RequestKind.BUTTON, RequestKind.FORM}:
            handler = self._handler_of_id(request)
        else:
            understood = self._understood(request, caller)
            handler = None if understood is None else self._handler_of_command(understood)
            request = request if understood is None else understood
            self.last_lines.record(request.user, request.channel, request.text[:_KEPT], self.clock())
            if handler is None:
                await self.registry.question(request, caller, self.registry.commands)
                return
        if handler is None:
            self._warn_of_forgery(request)
            return
        if len(request.text) > MAX_LINE:
            raise RefusedError(f"That is longer than {MAX_LINE:,} characters. Nothing was done.")
        if not self.registry.says_how_understood(_command(request)):
            request = announced(request, request.text, self.templates)
        try:
            await handler(request, caller)
        except MalformedKeyError:
            self._warn_of_forgery(request)

    def _warn_of_forgery(self, request: Request) -> None:
        log.warning(
            "ignored a button or form that is forged or of another version", kind=request.kind.value, user=request.user
        )

    def _understood(self, request: Request, caller: Caller) -> Request | None:
        """Return the request for the command or question that is asked for; None if the line is one as it stands."""
        commands = self.registry.commands
        if (line := exact_line(request.text, commands)) is not None:
            return replace(request, text=line)
        if (line := self._everyday_command(request, caller)) is not None:
            return replace(request, text=line, in_everyday_words=True)
        line = politely_asked(request.text, commands)
        return None if line is None else replace(request, text=line)

    def _everyday_command(self, request: Request, caller: Caller) -> str | None:
        """Return the command or question that everyday words ask for; None if they are a question as they stand."""
        before = self.last_lines.of(request.user, request.channel, self.clock())
        pointed = pointed_line(request.text, before, sees_all=caller.role is Role.OPERATOR)
        return command_line(request.text) if pointed is None else pointed

    def _handler_of_id(self, request: Request) -> Handler | None:
        kind = kind_of(request.action)
        if request.kind is RequestKind.BUTTON:
            return self.registry.actions.get(kind)
        form = self.registry.forms.get(kind)
        return None if form is None else form.submit

    def _handler_of_command(self, request: Request) -> Handler | None:
        return self.registry.commands.get(_command(request))

    def _message(self, template: str, **values: object) -> Message:
        return paragraph(self.templates.render(template, **values))


def _command(request: Request) -> str:
    """Return the first word of what was typed, in lower case."""
    return next(iter(request.text.split(maxsplit=1)), "").lower()


def _as_typed(request: Request) -> Request:
    """Return the request that typing the line of a CommandAction would be; any other request as it is."""
    if request.kind is not RequestKind.BUTTON or kind_of(request.action) != CommandAction.kind:
        return request
    line = CommandAction.decode(request.action, request.text).line
    responder = ReplacingResponder(request.responder)  # so that nobody chooses twice
    return replace(request, kind=RequestKind.COMMAND, text=line, action="", responder=responder)
