"""`python -m tests.outbox.soak [ROUNDS] [FIRST SEED]`: the attack of the suite a thousand times on each engine."""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from benchmarks.postgres.installation import programs
from tests.support.ledgers import Ledgers, PostgresLedgers, SqliteLedgers
from tests.support.outbox_worker import STEPS
from tests.support.postgres import ABSENT, REQUIRED, running_server
from tests.support.rounds import Round, worker_pool

AT_ONCE = 8


def main(rounds: int, first: int) -> int:
    """Play the rounds on each engine; returns how many broke the promise."""
    with TemporaryDirectory() as directory:
        _say("on SQLite")
        broken = asyncio.run(_play_all(rounds, first, SqliteLedgers(Path(directory))))
    if programs() is None:
        _say(ABSENT)
        return broken + REQUIRED
    with running_server() as server:
        _say("on PostgreSQL")
        return broken + asyncio.run(_play_all(rounds, first, PostgresLedgers(server)))


async def _play_all(rounds: int, first: int, ledgers: Ledgers) -> int:
    broken: list[str] = []
    sprung: Counter[str] = Counter()
    seeds = iter(range(first, first + rounds))
    with TemporaryDirectory() as directory:
        async with worker_pool() as workers:
            new_round = partial(Round, directory=Path(directory), worker_pool=workers, ledgers=ledgers)
            await asyncio.gather(*(_play(seeds, new_round, broken, sprung) for _ in range(AT_ONCE)))
    for step in STEPS:
        _say(f"{step}: killed {sprung[f'{step} SIGKILL']:,}, frozen {sprung[f'{step} SIGSTOP']:,} times")
    for what in ("put back, the former ledger kept", "put back, the former ledger lost", "clock off for a moment"):
        _say(f"{what}: {sprung[what]:,} rounds")
    _say(f"{rounds:,} rounds, {len(broken):,} broke the promise")
    return len(broken)


async def _play(
    seeds: Iterator[int], new_round: Callable[[int], Round], broken: list[str], sprung: Counter[str]
) -> None:
    for seed in seeds:
        playing = new_round(seed)
        try:
            await playing.run()
        except BaseException as failure:
            if isinstance(failure, (KeyboardInterrupt, asyncio.CancelledError)):
                raise
            broken.append(str(failure))
            _say(f"seed {seed}: {type(failure).__name__}: {failure}")
        sprung.update(playing.sprung)
        sprung[f"put back, the former ledger {playing.restored}"] += 1
        sprung["clock off for a moment"] += playing.off is not None
        if seed % 100 == 99:
            _say(f"seed {seed}")


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    ROUNDS, FIRST = (int(each) for each in (*sys.argv[1:], *("1000", "0")[len(sys.argv) - 1 :]))
    sys.exit(bool(main(ROUNDS, FIRST)))
