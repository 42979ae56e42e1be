"""The command `budgets`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.action_labels import SET_BUDGET, request_label
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import FormAction
from bot.budgets.listing.formats import COLUMNS, remainders, rows
from bot.budgets.listing.lines import BudgetLine, budget_listing, default_lines, emails_without_budget
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import FULL
from bot.budgets.scopes import email_of
from bot.budgets.whose import EVERYONE, ME, named
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.budget_commands import without_time
from bot.domain.query.tokens import clean, split
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.understood import announced

_FILLERS = {"list", "show", "please"}
_NONE = "none"  # the word that lists those without a budget instead
_MOST_NAMED = 40  # people without a budget
_OVER = "over"  # the word that leaves out those within their limits
_MOST_LEFT = 3  # budgets of somebody of which it is said above the table how much is left
_EARLIER = " earlier "  # what everyday words that ask about a time gone by put before it


@dataclass(frozen=True, slots=True)
class _Listing:
    """The budgets of a subject (None: all), its e-mail, and the names of members by their e-mails.

    `has_limit` counts those too that are left out.
    """

    lines: list[BudgetLine]
    has_limit: bool
    email: str | None
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListingCommand:
    """The command `budgets`; `clock` gives aware times."""

    database: Database
    people: People
    names: NamedSubjects
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def budgets(self, request: Request, caller: Caller) -> None:
        """List all budgets or those of whoever is named for an operator, their own for everybody else."""
        is_operator = caller.role is Role.OPERATOR
        said, _, typed = clean(request.text).partition(_EARLIER)
        said, earlier = without_time(said)
        earlier = typed or earlier
        request = announced(request, said, self.templates)
        words = [word.values[0] for word in split(said)[1:] if word.bare not in _FILLERS]
        if is_operator and [word.lower() for word in words] == [_NONE]:
            await request.responder.respond(await self.database.read(self._without_budgets))
            return
        only_over = bool(words) and words[0].lower() == _OVER
        whose = [name for name in named(words[only_over:]) if name != EVERYONE]
        subject = await self._subject(request, caller, whose)
        listing = await self.database.read(lambda connection: self._listing(connection, subject, only_over=only_over))
        spent = _spend_line(earlier, whose, is_operator=is_operator)
        left = [] if subject is None or spent else remainders(listing.lines[:_MOST_LEFT], self.policy, self.clock())
        heading = self._heading(listing, subject, left, is_operator=is_operator, only_over=only_over)
        draft = Draft("\n".join(filter(None, [self._note(spent), heading])))
        draft.add(blocks.section(draft.text))
        if listing.lines:
            self._add_lines(draft, listing)
        label = SET_BUDGET if is_operator else request_label(has_limit=listing.has_limit)
        draft.add(blocks.actions([blocks.button(label, FormAction())]))
        await request.responder.respond(draft.message())

    async def _subject(self, request: Request, caller: Caller, whose: Sequence[str]) -> int | None:
        """Return whose budgets are asked for; None for all. Only operators may ask for anybody else's."""
        if len(whose) > 1:
            raise RefusedError("I can list one person's budgets, or all. Type `budgets @ana` or `budgets`.")
        if caller.role is not Role.OPERATOR:
            if whose and whose[0] != ME:
                await self.names.check_own(whose[0], request, caller)
            return await self.authorization.member_of(caller)
        if not whose:
            return None
        if whose[0] == ME:
            return await self.authorization.member_of(caller)
        return await self.names.subject(whose[0], "The default is in the list of all budgets. Type `budgets`.")

    def _listing(self, connection: Connection, subject: int | None, *, only_over: bool) -> _Listing:
        present = budget_listing(connection, self.policy, self.clock(), subject)
        lines = [line for line in present if line.percent >= FULL] if only_over else present
        email = None if subject is None else email_of(connection, subject)
        emails = {*(each.scope for each in lines if "@" in each.scope), *([email] if email else [])}
        return _Listing(lines, bool(present), email, self.people.names(connection, emails))

    def _without_budgets(self, connection: Connection) -> Message:
        """Return who has no budget of their own, and what default applies to them."""
        emails = emails_without_budget(connection)
        names = self.people.names(connection, emails)
        text = self.templates.render(
            "budgets/listing_none",
            count=len(emails),
            names=sorted((names[each] for each in emails), key=str.casefold)[:_MOST_NAMED],
            defaults=[each.limit_text for each in default_lines(connection, self.policy, self.clock())],
        )
        return blocks.paragraph(text, [blocks.button(SET_BUDGET, FormAction())])

    def _heading(
        self, listing: _Listing, subject: int | None, left: Sequence[str], *, is_operator: bool, only_over: bool
    ) -> str:
        name = listing.names.get(listing.email or "", "")
        whom = "" if subject is None else (name or "the team") if is_operator else "you"
        whose = "" if subject is None else (f"{name}'s" if name else "The team's") if is_operator else "Your"
        return self.templates.render(
            "budgets/listing",
            operator=is_operator,
            count=len(listing.lines),
            steps=self.policy.steps,
            whom=whom,
            whose=whose,
            only_over=only_over,
            left=left,
        )

    def _note(self, spent: str) -> str:
        return self.templates.render("budgets/listing_earlier", line=spent) if spent else ""

    def _add_lines(self, draft: Draft, listing: _Listing) -> None:
        cells = rows(listing.lines, self.policy, listing.names, self.clock())
        shown = draft.add_table("Budgets", COLUMNS, cells)
        if (more := len(cells) - shown) > 0:
            left = "1 more budget isn't" if more == 1 else f"{more:,} more budgets aren't"
            draft.add(blocks.context(f"{left} shown. `budgets @ana` shows one person's."))


def _spend_line(earlier: str, whose: Sequence[str], *, is_operator: bool) -> str:
    """Return the line that asks what was spent in a time gone by, for which budgets are asked; empty if none is."""
    if not earlier or list(whose) == [ME]:
        return earlier
    whom = whose[0] if whose else "team by:member"
    return f"{earlier} {whom}" if is_operator else earlier
