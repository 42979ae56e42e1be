"""Failures in Slack: reported, shown task by task, silenced, acknowledged; every act is authorised anew."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import local_day
from bot.domain.query.question import Question
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import clean
from bot.failures import answer_render, facts, forms, store
from bot.failures.forms import Choice
from bot.failures.keys import FailuresTopic
from bot.failures.render import FailurePolicy
from bot.failures.report import ErrorReport, check_question, error_report
from bot.failures.store import Silenced
from bot.ledger.freshness import UnreadError
from bot.ledger.members import member_id
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import parse_question
from bot.outbox.live_store import request_edits
from bot.people.people import People
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = structlog.get_logger(__name__)

_MOST_TASKS = 99
_OFFERED = 30  # kinds, models and members each that the form offers to silence; Slack takes 100 in all


@dataclass(frozen=True, slots=True)
class FailureCommands:
    """What people type and press about failures in Slack; `clock` gives aware times."""

    database: Database
    people: People
    workspace: Workspace
    templates: Templates
    policy: FailurePolicy
    clock: Callable[[], datetime]

    # --- the report ----------------------------------------------------------------------------------

    async def errors(self, request: Request, caller: Caller) -> None:
        """`errors [window]`: the kinds of failure, what they cost, and what share of tasks fails."""
        line = clean(request.text).partition(" ")[2]
        found = await self._reported(request, caller, await self._question(line, caller))
        silences = await self._silences() if caller.role is Role.OPERATOR else []
        view = answer_render.FailureView(self.templates, self.policy.zone)
        await request.responder.respond(answer_render.report(found, view, silences))

    async def _question(self, line: str, caller: Caller) -> Question:
        now, zone, failing = self.clock(), self.policy.zone, self.policy.failing
        question = await self.database.read(
            lambda reader: parse_question(reader, Scope.of(reader, caller), line, now, zone, failing)
        )
        check_question(question, failing)
        return question

    async def _reported(self, request: Request, caller: Caller, question: Question) -> ErrorReport:
        if caller.role is Role.MEMBER and caller.member is None:
            raise RefusedError(self._unmatched())
        wanted = [each for each in question.people if caller.role is Role.OPERATOR or each == f"<@{request.user}>"]
        mentioned = await self.people.mentioned(wanted)
        terms, now = self.policy, self.clock()
        try:
            return await self.database.read(
                lambda reader: error_report(
                    reader, question, caller, terms.zone, terms.basis, terms.failing, now, mentioned
                )
            )
        except UnreadError:
            raise RefusedError("I have read nothing from Neo yet. Please ask again in a minute.") from None

    async def _silences(self) -> list[answer_render.ActiveSilence]:
        return await self.database.read(lambda reader: quiet(reader, self.clock()))

    def _unmatched(self) -> str:
        return f"I cannot match you to a member of the Neo team. Ask {self.people.whom_to_ask()} to `link` you."

    # --- one's own failures --------------------------------------------------------------------------

    async def notify(self, request: Request, caller: Caller) -> None:
        """`notify errors on|off`: whether one's own failures are told in a direct message."""
        words = clean(request.text).lower().split()[1:]
        if words == ["errors"]:
            on = await self.database.read(lambda reader: _listens(reader, caller.member))
            await self._say(request, "failures/notification_setting", on=on, new=False)
            return
        if len(words) != 2 or words[0] != "errors" or words[1] not in {"on", "off"}:  # noqa: PLR2004 - what, and whether
            raise RefusedError(
                f"{_meant(words)}Type `notify errors on` to hear of your own failed tasks, `notify errors off` not to."
            )
        await self._listen(request, caller, on=words[1] == "on")

    async def _listen(self, request: Request, caller: Caller, *, on: bool) -> None:
        new = await self.listen(await self.member(caller), on=on)
        await self._say(request, "failures/notification_setting", on=on, new=new)

    async def listen(self, member: int, *, on: bool) -> bool:
        """Whether a member hears of their own failures from now on; returns whether that is new."""
        return await self.database.write(lambda connection: store.listen(connection, member, self.clock(), on=on))

    async def member(self, caller: Caller) -> int:
        """The member somebody is in the ledger; raises RefusedError if they are none."""
        found = await self.database.read(lambda reader: member_id(reader, caller.member))
        if found is None:
            raise RefusedError(self._unmatched())
        return found

    # --- buttons -------------------------------------------------------------------------------------

    async def stop_notifying(self, request: Request, caller: Caller) -> None:
        """End the messages about one's own failures."""
        await self._listen(request, caller, on=False)

    async def show_tasks(self, request: Request, caller: Caller) -> None:
        """The tasks that a message tells of: all to an operator, to others their own."""
        operator = caller.role is Role.OPERATOR
        scope = EVERYTHING if operator else Scope(await self.member(caller))
        basis = self.policy.basis

        def look(reader: Reader) -> list[facts.FailedTask]:
            with reader:
                return facts.tasks(reader, _groups(reader, request.text), basis, _MOST_TASKS + 1, scope)

        found = await self.database.read(look)
        if not found and not operator:
            raise RefusedError("None of these tasks is yours. Operators see them all.")
        view = answer_render.FailureView(self.templates, self.policy.zone, self.policy.address)
        await request.responder.respond(answer_render.tasks(found, view))

    async def acknowledge(self, request: Request, caller: Caller) -> None:
        """Record that an operator has seen an alert."""
        self._operators_only(caller)
        first = await self.database.read(lambda reader: _first(reader, request.text))
        before = await self.database.write(lambda c: self._acknowledged(c, first, request.user))
        by, at = before or (request.user, self.clock())
        when = formatting.moment(at, self.policy.zone)
        await self._say(request, "failures/acknowledgement", again=before is not None, by=by, when=when)

    def _acknowledged(self, connection: "Connection", first: int, by: str) -> tuple[str, datetime] | None:
        before = store.acknowledge(connection, first, by, self.clock())
        if before is None:
            request_edits(connection, [FailuresTopic(first)])
        return before

    @staticmethod
    def _operators_only(caller: Caller) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError(
                "Operators silence and acknowledge failures. `notify errors off` ends your own messages."
            )

    # --- silences ------------------------------------------------------------------------------------

    async def open_silence_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which an operator silences what an alert is about."""
        self._operators_only(caller)
        choices = await self.database.read(lambda reader: _choices(reader, request.text, self.policy))
        if not choices:
            raise RefusedError("Nothing is left of that: its tasks have completed, or failed in another way.")
        today = local_day(self.clock(), self.policy.zone)
        await self.workspace.views.open_form(request.trigger, forms.view(choices, request.channel, today))

    async def submit_silence(self, request: Request, caller: Caller) -> None:
        """Silence what was chosen in a form."""
        self._operators_only(caller)
        asked = forms.asked(request.fields, request.user, self.clock(), self.policy.zone)
        await self.database.write(lambda c: self._silenced(c, asked))
        log.info("silenced", by=request.user, what=asked.what.value)
        (name,) = await self.database.read(lambda reader: list(_called(reader, [asked])))
        day = formatting.last_day(asked.until, self.policy.zone)
        await self._say(request, "failures/silence_confirmation", name=name, day=day, reason=asked.reason or "")

    def _silenced(self, connection: "Connection", asked: store.Silence) -> None:
        store.silence(connection, asked, self.clock())
        request_edits(connection, map(FailuresTopic, store.shown(connection)))

    async def lift_silence(self, request: Request, caller: Caller) -> None:
        """End a silence, for an operator."""
        self._operators_only(caller)
        await self._say(request, "failures/silence_lifted", done=await self.lift(int(request.text)))

    async def lift(self, key: int) -> bool:
        """End a silence, for an operator; whether there was one."""
        return await self.database.write(lambda connection: self._lifted(connection, key))

    def _lifted(self, connection: "Connection", key: int) -> bool:
        done = store.lift(connection, key, self.clock())
        request_edits(connection, map(FailuresTopic, store.shown(connection)))
        return done

    def check(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong with the form that was filled in, by field."""
        return forms.wrong(fields, self.clock(), self.policy.zone)

    async def _say(self, request: Request, template: str, **values: object) -> None:
        await request.responder.respond(blocks.paragraph(self.templates.render(template, **values)))


def quiet(reader: Reader, now: datetime) -> list[answer_render.ActiveSilence]:
    """The silences that hold, each with what it is about."""
    with reader:
        held = store.silences(reader, now)
        names = _called(reader, held)
        return [
            answer_render.ActiveSilence(each.id, name, each.until, each.reason, each.by)
            for each, name in zip(held, names, strict=True)
        ]


def _called(reader: Reader, silences: Iterable[store.Silence]) -> Iterable[str]:
    for each in silences:
        match each.what:
            case Silenced.MODEL:
                yield f"everything of {each.value}"
            case Silenced.MEMBER:
                yield f"everything of {facts.member_name(reader, int(each.value))}"
            case Silenced.KIND:
                yield facts.kind_name(reader, int(each.value))


def _meant(words: Sequence[str]) -> str:
    """Which `notify` misspelt words were meant to be, as a question; empty if that is not clear."""
    what, *how = words or [""]
    if nearest(what, ("errors",)) is None or len(how) > 1:
        return ""
    switch = nearest(how[0], ("on", "off")) if how else "on"
    return f"Did you mean `notify errors {switch}`? " if switch else ""


def _listens(reader: Reader, email: str | None) -> bool:
    member = member_id(reader, email)
    return member is not None and store.listens(reader, member)


def _groups(reader: Reader, value: str) -> list[int]:
    """The groups that a button's value means: one, or all that one message tells of."""
    kind, _, key = value.partition(":")
    column = "id" if kind == "group" else "first"
    sql = f"SELECT id FROM failure_group WHERE {column} = :key"  # noqa: S608 - one of two columns
    return [row[0] for row in reader.rows(sql, {"key": int(key)})]


def _first(reader: Reader, value: str) -> int:
    """The group that leads the message that a button's value means."""
    kind, _, key = value.partition(":")
    row = reader.one("SELECT first FROM failure_group WHERE id = :key", {"key": int(key)}) if kind == "group" else None
    return int(row[0]) if row and row[0] is not None else int(key)


def _choices(reader: Reader, value: str, policy: FailurePolicy) -> list[Choice]:
    """What can be silenced of what a message tells of."""
    with reader:
        cases = [each for key in _groups(reader, value) if (each := facts.look(reader, key, policy.basis, EVERYTHING))]
        kinds = [
            Choice(Silenced.KIND, str(kind), f"This error: {facts.kind_name(reader, kind)}")
            for kind in list(dict.fromkeys(each.kind for each in cases))[:_OFFERED]
        ]
        models = dict.fromkeys(each.model for each in cases)
        members = dict.fromkeys(email for each in cases for email in each.members)
        keys = {email: member_id(reader, "" if email == facts.NOBODY else email) for email in list(members)[:_OFFERED]}
        return [
            *kinds,
            *(Choice(Silenced.MODEL, model, f"Everything of {model}") for model in list(models)[:_OFFERED]),
            *(Choice(Silenced.MEMBER, str(key), f"Everything of {email}") for email, key in keys.items() if key),
        ]
