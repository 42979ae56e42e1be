"""`python -m tests.outbox.soak [ROUNDS] [FIRST SEED]`: the attack of the suite a thousand times."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.outbox.rounds import Nursery, Round, nursery, template

AT_ONCE = 8


async def main(rounds: int, first: int) -> int:
    """Play the rounds; returns how many broke the promise."""
    broken: list[str] = []
    seeds = iter(range(first, first + rounds))
    with TemporaryDirectory() as directory:
        empty = template(Path(directory))
        async with nursery() as workers:
            await asyncio.gather(*(_play(seeds, Path(directory), empty, workers, broken) for _ in range(AT_ONCE)))
    _say(f"{rounds:,} rounds, {len(broken):,} broke the promise")
    return len(broken)


async def _play(seeds: Iterator[int], directory: Path, empty: Path, workers: Nursery, broken: list[str]) -> None:
    for seed in seeds:
        try:
            await Round(seed, directory, empty, workers).run()
        except BaseException as failure:
            if isinstance(failure, (KeyboardInterrupt, asyncio.CancelledError)):
                raise
            broken.append(str(failure))
            _say(failure)
        if seed % 100 == 99:
            _say(f"seed {seed}")


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ROUNDS, FIRST = (int(each) for each in (*sys.argv[1:], *("1000", "0")[len(sys.argv) - 1 :]))
    sys.exit(bool(asyncio.run(main(ROUNDS, FIRST))))
