"""Limits in Slack: set and removed by operators, asked for by everybody else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.confirmation import confirmation
from bot.budgets.limits.executor import BudgetChange, InstructionExecutor, SeveralBudgetsError, removals
from bot.budgets.limits.instruction_line import line_of
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction, RequestInstruction
from bot.budgets.limits.unclear_line import UnclearLineError
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.requests.commands import RequestCommands
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.limit_orders import OF_ALL
from bot.domain.everyday.vocabulary import ONESELF
from bot.people.mentions import SeveralPeopleError
from bot.people.people import People
from bot.slack import blocks
from bot.slack.requests import Request
from bot.slack.templates import Templates

log = structlog.get_logger(__name__)

ONLY_OPERATORS = "Only operators set budgets. To ask for a higher limit, type `budget request 800/month`."
_MOST_REMOVALS = 5  # that are offered
_HAVE = {"team": "The team has", "default": "For everyone without a personal budget, there are"}


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
            raise RefusedError(ONLY_OPERATORS)
        if isinstance(instruction, RemovalInstruction) and instruction.scope.lower() in OF_ALL:
            raise await self.database.read(self._which_removal)
        try:
            named = await self._with_address(instruction, caller)
            await self._apply_named(request, named, expected)
        except SeveralPeopleError as error:
            meant = (replace(instruction, scope=email) for email in error.emails)
            lines = [line_of(each, self.evaluator.policy.zone) for each in meant]
            raise UnclearLineError(error.why, lines) from None
        except SeveralBudgetsError as error:
            raise await self._which_period(error) from None

    async def _apply_named(
        self, request: Request, named: LimitInstruction | RemovalInstruction, expected: int | None
    ) -> None:
        changes = await self.database.write(lambda c: self._apply(c, named, request.user, expected))
        same = all(each.same for each in changes)
        log.info("budget", by=request.user, removed=isinstance(named, RemovalInstruction), same=same)
        names = await self.database.read(lambda c: self.people.names(c, {each.scope for each in changes}))
        text = confirmation(changes, names, self.templates, self.evaluator.policy.zone, self.clock())
        await request.responder.respond(blocks.paragraph(text))

    async def _which_period(self, several: SeveralBudgetsError) -> UnclearLineError:
        """Return the error that asks which budget of a scope is to be removed: a line for each, and one for all."""
        scope = several.removals[0].scope
        has = _HAVE.get(scope.lower()) or f"{await self.names.display_name(scope)} has"
        lines = [line_of(each, self.evaluator.policy.zone) for each in several.removals]
        return UnclearLineError(f"{has} {several.number}. Which one should I remove?", lines)

    def _which_removal(self, connection: Connection) -> RefusedError:
        """Return the error about everybody's budgets that are to be removed, with the lines that remove the first."""
        lines = [line_of(each, self.evaluator.policy.zone) for each in removals(connection)]
        if not lines:
            return RefusedError("There is no budget to remove. `budgets` lists all budgets.")
        more = f" These are the first {_MOST_REMOVALS} of {len(lines)}." if len(lines) > _MOST_REMOVALS else ""
        why = f"I only remove a budget that is named, one at a time. Which one?{more}"
        return UnclearLineError(why, lines[:_MOST_REMOVALS])

    async def _with_address(
        self, instruction: LimitInstruction | RemovalInstruction, caller: Caller
    ) -> LimitInstruction | RemovalInstruction:
        """Return the instruction with the e-mail of the person it mentions or names, who may be the caller."""
        is_own = instruction.scope.lower() in ONESELF and caller.member is not None
        scope = caller.member if is_own else await self.names.email(instruction.scope)
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
