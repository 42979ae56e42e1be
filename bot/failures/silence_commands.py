"""Silences: an operator silences what an alert is about, and ends a silence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.failures import failure_formatting, silence_form
from bot.failures.alert_store import open_first_groups
from bot.failures.keys import FailuresTopic, SilenceAction
from bot.failures.rules import FailurePolicy
from bot.failures.silence_facts import silence_choices, target_name
from bot.failures.silence_store import Silence, lift_silence, set_silence
from bot.outbox.live_store import request_edits
from bot.people.member_names import MemberNames
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SilenceCommands:
    """The buttons and the form of silences; whoever acts is authorised anew each time.

    `clock` gives aware times, `names` what members are called.
    """

    database: Database
    workspace: Workspace
    templates: Templates
    policy: FailurePolicy
    clock: Callable[[], datetime]
    names: MemberNames

    async def open_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which an operator silences what an alert is about."""
        check_operator(caller)
        groups = SilenceAction.decode(request.action, request.text).groups
        choices = await self.database.read(
            lambda connection: silence_choices(connection, groups, self.policy.basis, self.names)
        )
        if not choices:
            raise RefusedError(
                "There's nothing left to silence: these tasks have completed since, or failed in a different way."
            )
        await self.workspace.views.open_form(request.trigger, silence_form.silence_view(choices, request.channel))

    def problems(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with the form's fields, by field."""
        return silence_form.problems(fields, self.clock(), self.policy.zone)

    async def submit_form(self, request: Request, caller: Caller) -> None:
        """Silence what was chosen in the form, for an operator."""
        check_operator(caller)
        silence = silence_form.submitted_silence(request.fields, request.user, self.clock(), self.policy.zone)
        await self.database.write(lambda connection: self._set(connection, silence))
        log.info("silenced", by=request.user, what=silence.target.type.value)
        name = await self.database.read(lambda connection: target_name(connection, silence.target, self.names))
        zone = self.policy.zone
        until = failure_formatting.until(silence.until, zone, self.clock())
        values = {"name": name, "until": until, "zone": zone.key, "reason": silence.reason or ""}
        await self._respond(request, "failures/silence_confirmation", **values)

    async def lift(self, silence: int) -> str | None:
        """End a silence, by its id; return what it was about, None if it was over. The caller is an operator."""
        return await self.database.write(lambda connection: self._lift(connection, silence))

    def _set(self, connection: Connection, silence: Silence) -> None:
        set_silence(connection, silence, self.clock())
        _request_edits(connection)

    def _lift(self, connection: Connection, silence: int) -> str | None:
        target = lift_silence(connection, silence, self.clock())
        _request_edits(connection)
        return None if target is None else target_name(connection, target, self.names)

    async def _respond(self, request: Request, template: str, **values: object) -> None:
        await request.responder.respond(blocks.paragraph(self.templates.render(template, **values)))


def check_operator(caller: Caller) -> None:
    """Raise RefusedError for everybody but operators."""
    if caller.role is not Role.OPERATOR:
        raise RefusedError(
            "Only operators can silence or acknowledge failures. `notify errors off` turns off your own notifications."
        )


def _request_edits(connection: Connection) -> None:
    """Have the alerts of open groups edited, which show the silences that are about them."""
    request_edits(connection, map(FailuresTopic, open_first_groups(connection)))
