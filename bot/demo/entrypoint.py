"""`python -m bot.demo.entrypoint`: the process of the demo's service."""

import asyncio

from bot.unused_modules import leave_out_what_prints
from bot.unused_objects import begin_the_search, put_off_the_search


def run() -> None:
    """Serve until the input ends."""
    put_off_the_search()
    leave_out_what_prints()
    from bot.demo.driven_service import main

    begin_the_search()
    asyncio.run(main())


if __name__ == "__main__":
    run()
