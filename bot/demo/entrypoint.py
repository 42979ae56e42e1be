"""`python -m bot.demo.entrypoint`: the process of the demo's service."""

import asyncio
import gc

_IMPORTED_OBJECTS = 500_000  # between two looks for unused objects: what is imported stays, so none is looked for
_YOUNG_OBJECTS = 50_000


def run() -> None:
    """Serve until the input ends."""
    gc.set_threshold(_IMPORTED_OBJECTS)
    from bot.demo.driven_service import main

    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    asyncio.run(main())


if __name__ == "__main__":
    run()
