"""Laws of the router: whatever is typed has one answer, and no unknown word of it is dropped on the way."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.domain.access import Caller, Role
from bot.registry import Registry
from bot.sandbox.world import START
from bot.service.router import Router
from bot.slack.blocks import Message
from bot.slack.requests import Request, RequestKind
from tests.support.effort import amount

if TYPE_CHECKING:
    from bot.people.people import People
    from bot.slack.templates import Templates

MANUAL = Path(__file__).parents[2] / "docs" / "typing.md"
COMMANDS = (
    "", "help", "status", "courtesy", "errors", "budget", "budgets", "explain", "snooze", "notify", "link", "digest",
    "overview", "subscribe", "subscriptions", "unsubscribe", "reschedule", "balance", "reconcile", "backtest",
)  # fmt: skip
UNKNOWN = ("frobnicate", "zzyzx", "xyzzy42", "größenwahn")
PIECES = [
    "please",
    "show",
    "me",
    "the",
    "of",
    "it",
    "that",
    "is",
    "used",
    "left",
    "by",
    "model",
    "last",
    "week",
    "?",
    "!",
    "*",
    "`",
    "team",
    "my",
    "budgets",
    "status",
    "errors",
    "7d",
]


class Known:
    """People of whom everybody is an operator."""

    async def caller(self, _user: str) -> Caller:
        return Caller(Role.OPERATOR, "ana@acme.dev")


class Named:
    """Templates that are known by their names."""

    def render(self, name: str, **_values: object) -> str:
        return name


@dataclass
class Desk:
    """A router whose handlers only keep what they were asked."""

    asked: list[str] = field(default_factory=list)

    def router(self) -> Router:
        registry = Registry([], dict.fromkeys(COMMANDS, self.handle), {}, {}, {}, {}, {}, self.question, self.home)
        return Router(cast("People", Known()), cast("Templates", Named()), registry, lambda: START)

    async def handle(self, request: Request, _caller: Caller) -> None:
        self.asked.append(request.text)

    async def question(self, request: Request, _caller: Caller, _commands: Collection[str]) -> None:
        self.asked.append(request.text)

    async def home(self, _request: Request) -> None:
        raise AssertionError

    async def respond(self, message: Message, **_options: Any) -> None:
        self.asked.append(f"answered: {message.text}")

    async def share(self, _message: Message) -> None:
        raise AssertionError


async def answers(lines: list[str]) -> list[str]:
    """What the lines of one conversation come to, each in its turn."""
    desk = Desk()
    router = desk.router()
    for number, line in enumerate(lines, 1):
        await router.serve(Request(RequestKind.COMMAND, "U1", "C1", line, desk))
        assert len(desk.asked) == number, line
    return desk.asked


def typed_lines() -> list[str]:
    rows = [re.match(r"\| `(.*?)` \|", line) for line in MANUAL.read_text(encoding="utf-8").splitlines()]
    return [row[1] for row in rows if row]


@pytest.mark.slow
async def test_whatever_is_typed_has_one_answer_that_is_no_error() -> None:
    random, known = Random(5), typed_lines()
    lines = [
        " ".join([random.choice(known), *random.choices(PIECES, k=random.randrange(5))]) if random.random() < 0.5
        else " ".join(random.choices([*PIECES, *UNKNOWN], k=random.randrange(1, 9)))
        for _ in range(amount(20_000, 2_000))
    ]  # fmt: skip
    asked = await answers(lines)
    assert "answered: usage/internal_error" not in asked


async def test_no_unknown_word_beside_words_that_are_known_is_dropped() -> None:
    random, dropped = Random(6), []
    for _ in range(amount(2_000, 200)):
        words = random.choices(PIECES, k=random.randrange(1, 6))
        words.insert(random.randrange(len(words) + 1), unknown := random.choice(UNKNOWN))
        (asked,) = await answers([" ".join(words)])
        if unknown not in asked and not asked.startswith("answered: "):
            dropped.append((words, asked))
    assert dropped == []
