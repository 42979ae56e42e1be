"""The desk: says who asks, sends them to the right room, and tells them whatever goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from time import perf_counter

import structlog

from bot.database.errors import UnusableError
from bot.domain.access import Caller, RefusedError
from bot.domain.parsing import MAX_LINE, QueryError
from bot.domain.tokens import UnclosedQuoteError
from bot.domain.when import WhenError
from bot.people.people import DeniedError, People
from bot.slack.blocks import Message, paragraph
from bot.slack.errors import FormNotOpenedError, SlackError
from bot.slack.requests import Request, RequestKind
from bot.slack.templates import Templates

log = structlog.get_logger(__name__)

Room = Callable[[Request, Caller], Awaitable[None]]

LONGEST_SECONDS = 1_500  # an answer's: Slack takes it for thirty minutes


@dataclass(frozen=True, slots=True)
class Router:
    """Where every request is sent: `commands` by their first word, `buttons` and forms by what their id begins with.

    Whatever is no command is a `question`. `home` is told of everybody who opens it: it keeps what it shows to whom.
    """

    people: People
    templates: Templates
    commands: Mapping[str, Room]
    buttons: Mapping[str, Room]
    question: Room
    home: Callable[[Request], Awaitable[None]]
    checks: Mapping[str, Callable[[Mapping[str, str]], Mapping[str, str]]]

    def check(self, form: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong with what was filled into a form, by field."""
        return self.checks[form](fields) if form in self.checks else {}

    async def serve(self, request: Request) -> None:
        """Answer a request, whatever happens; it raises nothing but being cancelled."""
        began = perf_counter()
        outcome = "answered"
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._answered(request)
        except asyncio.CancelledError:
            outcome = "broken off"
            with suppress(SlackError):
                await request.reply.say(self._said("usage/leaving"))
            raise
        except TimeoutError:
            outcome = "too late"
            with suppress(SlackError):
                await request.reply.say(self._said("usage/late", minutes=LONGEST_SECONDS // 60))
        except SlackError as error:
            outcome = str(error)
        finally:
            ms = round((perf_counter() - began) * 1000)
            log.info("request", kind=request.kind.value, user=request.user, ms=ms, outcome=outcome)

    async def _answered(self, request: Request) -> None:
        try:
            await self._sent(request)
        except DeniedError as denial:
            await request.reply.say(self._said("people/denied", reason=denial.reason.value))
        except (RefusedError, WhenError, QueryError, UnclosedQuoteError) as refusal:
            await request.reply.say(self._said("usage/refused", reason=str(refusal)))
        except UnusableError as error:
            log.warning("could not answer", why=error.why, kind=request.kind.value)
            await request.reply.say(self._said("usage/unusable"))
        except FormNotOpenedError as failure:
            log.warning("Slack did not open a form", user=request.user, why=str(failure))
            await request.reply.say(self._said("usage/unopened", pressed=request.kind is RequestKind.BUTTON))
        except SlackError:
            raise
        except Exception:
            reference = token_hex(4)
            log.exception("could not answer", reference=reference, kind=request.kind.value)
            await request.reply.say(self._said("usage/broken", reference=reference))

    async def _sent(self, request: Request) -> None:
        if request.kind is RequestKind.HOME:
            await self.home(request)
            return
        caller = await self.people.caller(request.user)
        room = self._room(request)
        if room is not None and room is not self.question and len(request.text) > MAX_LINE:
            raise RefusedError(f"That is longer than {MAX_LINE:,} characters. Nothing was done.")
        if room is not None:
            await room(request, caller)

    def _room(self, request: Request) -> Room | None:
        if request.kind in {RequestKind.BUTTON, RequestKind.FORM}:
            return self.buttons.get(request.action.partition(":")[0])
        words = request.text.split(maxsplit=1)
        return self.commands.get(words[0].lower() if words else "", self.question)

    def _said(self, template: str, **values: object) -> Message:
        return paragraph(self.templates.say(template, **values))
