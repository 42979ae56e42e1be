"""Limits in Slack: set and removed by operators, asked for by everybody else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.executor import BudgetChange, InstructionExecutor
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.budgets.requests.commands import RequestCommands
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.money import show_usd
from bot.domain.slack_ids import is_mention
from bot.ledger.names import LedgerNames
from bot.ledger.scope import EVERYTHING
from bot.people.people import People
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates

_SCOPES = {"team", "default"}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LimitCommands:
    """Carries out what was typed or filled in about limits; `clock` gives aware times."""

    database: Database
    people: People
    templates: Templates
    evaluator: BudgetEvaluator
    requests: RequestCommands
    clock: Callable[[], datetime]

    async def carry_out(
        self, request: Request, caller: Caller, instruction: BudgetInstruction, expected: int | None = None
    ) -> None:
        """Set, remove or ask for a limit; `expected` is the revision that the caller has seen, if that is known.

        Raises:
            RefusedError: the caller may not, or it is not possible; the message says why.
        """
        if isinstance(instruction, RequestInstruction):
            await self.requests.request_budget(request, caller, instruction)
            return
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators set budgets. Ask for one: `budget request 800/month`.")
        named = await self._with_address(instruction)
        changes = await self.database.write(lambda c: self._apply(c, named, request.user, expected))
        same = all(each.same for each in changes)
        log.info("budget", by=request.user, removed=isinstance(named, RemovalInstruction), same=same)
        text = self.templates.render("budgets/change_confirmation", done=[self._values(each) for each in changes])
        await request.responder.respond(blocks.paragraph(text))

    async def _with_address(
        self, instruction: LimitInstruction | RemovalInstruction
    ) -> LimitInstruction | RemovalInstruction:
        """Return the instruction with the e-mail of the person it mentions or names."""
        if is_mention(instruction.scope):
            scope = await self.people.email_of_mention(instruction.scope)
        elif (called := await self._called(instruction.scope)) is not None:
            scope = called
        else:
            return instruction
        if isinstance(instruction, LimitInstruction):
            return replace(instruction, scope=scope, newcomer=True)
        return replace(instruction, scope=scope)

    async def _called(self, name: str) -> str | None:
        """Return the e-mail of the only person with a name such as `ana`; None if it is no name, or nobody's.

        Raises RefusedError if it is several people's.
        """
        if "@" in name or name.lower() in _SCOPES:
            return None
        in_slack = self.people.emails_by_name
        found = await self.database.read(lambda c: LedgerNames(c, EVERYTHING, in_slack).emails_called(name.lower()))
        if len(found) > 1:
            raise RefusedError(f"{len(found)} people are called {name}: {', '.join(found)}. Type the one you mean.")
        return found[0] if found else None

    def _apply(
        self,
        connection: Connection,
        instruction: LimitInstruction | RemovalInstruction,
        by: str,
        expected: int | None,
    ) -> list[BudgetChange]:
        executor = InstructionExecutor(connection, self.evaluator, by, self.clock())
        if isinstance(instruction, RemovalInstruction):
            return executor.execute_removal(instruction)
        return [executor.execute_limit(instruction, expected)]

    def _values(self, change: BudgetChange) -> dict[str, object]:
        """Return the values of the template for one change."""
        zone = self.evaluator.policy.zone
        after, before = change.after, change.before
        names = {"team": "The team", "default": "Everyone without their own"}
        return {
            "scope": names.get(change.scope.lower(), change.scope),
            "unit": change.unit.value,
            "same": change.same,
            "after": show_usd(after.limit_nanos or 0) if after else "",
            "before": show_usd(before.limit_nanos or 0) if before else "",
            "ends_at": formatting.last_day(after.ends_at, zone) if after and after.ends_at else "",
            "then": show_usd(change.then_nanos) if change.then_nanos else "",
            "known": change.known,
        }
