"""Random work: tasks of everybody, at any cost, with any text, that go on, are restated, or lose their cost."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bot.sandbox.tasks import SimTask, Status, Stream
from bot.sandbox.world import World
from tests.support.worlds import MARCUS, PRIYA

MINUTE = timedelta(minutes=1)
EMAILS = (
    PRIYA, MARCUS, "zoë.müller@acme.example", "ZOE@acme.example", "李雷@acme.example", "o'brien@acme.example",
    "a_b%c@acme.example", "ab@acme.example", "Ünal@acme.example", "ünal@acme.example",
)  # fmt: skip
MODELS = (
    "opus",
    "Opus 4",
    "claude-sonnet-4",
    "модель-7",
    "größe",
    "GRÖSSE",
    "ßtraße",
    "qwen%2",
    "a_b",
    "model\\x",
    "🦊",
)
TITLES = (
    None, "", 'Recon of "staging"', "it's 100% \\ done", "pipe | and, comma\nline", "😀 emoji", "=1+2", "漢字",
)  # fmt: skip
ERRORS = (
    None, "", "the vault is sealed", "the Vault is sealed", "host 10.0.0.7 said 50% \\ no", "ошибка 17", "💥 at 0x7f",
    "line one\nline two", "12345678901234567890 " * 30,
)  # fmt: skip
TASKS = ("task", "TASK", "Ünit", "a_b", "a%b")  # that their ids begin with
STATUSES: tuple[Status, ...] = (
    "completed", "completed", "completed", "completed", "error", "failed", "aborted", "blocked",
)  # fmt: skip
# of which a sum may be more than a float holds
AMOUNTS = ("0", "0.000000001", "0.5", "0.5", "0.5", "1.25", "7", "13.000000013", "99999.999999999", "100000.1")
OFTEN = AMOUNTS[:-2]
RICH = 0.2


@dataclass
class RandomWork:
    """What ends in a world by the time of a clock: the same seed gives the same."""

    world: World
    clock: Callable[[], datetime]
    seed: int
    random: Random = field(init=False)
    names: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    known: list[SimTask] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def end(self, count: int) -> None:
        """Some tasks end: of everybody, at any cost, under either key, with any text."""
        for _ in range(count):
            task = self._task()
            self.known.append(task)
            self.world.add(task)

    def _task(self) -> SimTask:
        random = self.random
        ended = self.clock() - timedelta(seconds=random.randrange(1, 3_000))
        status = random.choice(STATUSES)
        stream = Stream(
            ended - MINUTE * random.randrange(1, 40),
            ended,
            **self._amounts(),
            status=status,
            error_message=random.choice(ERRORS) if status in {"error", "failed"} else None,
            steps=random.randrange(30),
            tool_calls=random.randrange(9),
            total_ms=random.choice((None, random.randrange(10**7))),
            tools={
                name: (random.randrange(9), random.randrange(10**6))
                for name in ("nuclei", "bash", 'a"b')[: random.randrange(4)]
            },
            agents={name: random.randrange(1, 9) for name in ("recon", "планер")[: random.randrange(3)]},
        )
        return SimTask.of(
            f"{random.choice(TASKS)}-{next(self.names):04x}",
            stream,
            email=random.choice((*EMAILS, None)),
            title=random.choice(TITLES),
            model=random.choice(MODELS),
            is_byok=random.choice((False, False, True, None)),
        )

    def _amounts(self) -> dict[str, Any]:
        amount = self.random.choice(AMOUNTS if self.random.random() < RICH else OFTEN)
        credits_used = Decimal(amount)
        match self.random.randrange(5):
            case 0:
                return {}
            case 1:
                return {"llm_cost": credits_used, "neo_cost": credits_used / 4}
            case 2:
                return {"credits": credits_used, "llm_cost": credits_used}
            case _:
                return {"credits": credits_used}

    def change(self, count: int) -> None:
        """Some tasks go on, are restated, lose their cost, or are gone."""
        for _ in range(count):
            at = self.random.randrange(len(self.known))
            task = self.known[at]
            match self.random.randrange(6):
                case 0:
                    self.world.remove(task.task_id)
                    continue
                case 1:
                    task = task.with_scaled_amounts(Decimal("0.5"))
                case 2:
                    task = _without_cost(task)
                case _:
                    now = self.clock()
                    task = task.with_stream(Stream(now - 9 * MINUTE, now - MINUTE, **self._amounts()))
            self.known[at] = task
            self.world.add(task)


def _without_cost(task: SimTask) -> SimTask:
    return replace(
        task, streams=tuple(replace(each, credits=None, llm_cost=None, neo_cost=None) for each in task.streams)
    )
