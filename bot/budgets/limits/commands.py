"""Limits in Slack: set and removed by operators, asked for by everybody else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.confirmation import confirmation
from bot.budgets.limits.executor import BudgetChange, InstructionExecutor
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.requests.commands import RequestCommands
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.people.people import People
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LimitCommands:
    """Carries out what was typed or filled in about limits; `clock` gives aware times."""

    database: Database
    people: People
    templates: Templates
    names: NamedSubjects
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
            raise RefusedError(
                "Only operators set budgets. To ask for a higher limit, type `budget request 800/month`."
            )
        named = await self._with_address(instruction)
        changes = await self.database.write(lambda c: self._apply(c, named, request.user, expected))
        same = all(each.same for each in changes)
        log.info("budget", by=request.user, removed=isinstance(named, RemovalInstruction), same=same)
        names = await self.database.read(lambda c: self.people.names(c, {each.scope for each in changes}))
        text = confirmation(changes, names, self.templates, self.evaluator.policy.zone, self.clock())
        await request.responder.respond(blocks.paragraph(text))

    async def _with_address(
        self, instruction: LimitInstruction | RemovalInstruction
    ) -> LimitInstruction | RemovalInstruction:
        """Return the instruction with the e-mail of the person it mentions or names."""
        scope = await self.names.email(instruction.scope)
        if scope is None:
            return instruction
        if isinstance(instruction, LimitInstruction):
            return replace(instruction, scope=scope, newcomer=True)
        return replace(instruction, scope=scope)

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
