"""When a process looks for unused objects: not while it starts, for what it imports stays until it ends."""

import gc

_IMPORTED_OBJECTS = 500_000  # made between two looks: more than any process imports
_YOUNG_OBJECTS = 50_000  # Python's own figure, 700, would cost a short command a fifth of its time


def put_off_the_search() -> None:
    """Look for none while the process imports what it needs."""
    gc.set_threshold(_IMPORTED_OBJECTS)


def begin_the_search() -> None:
    """Look for those among the objects that are made from here on, if it was put off."""
    if gc.get_threshold()[0] == _IMPORTED_OBJECTS:
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS)
