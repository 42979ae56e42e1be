"""Modules that a service never uses, and that the libraries which it uses would import."""

import sys
from importlib.util import find_spec


def leave_out_what_prints() -> None:
    """Keep libraries from importing what they print tables and colors with, which takes time, and 3 MB for good.

    These are httpx, structlog and Mako, which Alembic uses.
    """
    for name in ("httpx._main", "pygments", "rich"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # as the import system has it


def note_if_missing(name: str) -> None:
    """Note a module that is not installed as such, so that whoever tries to import it hears so at once.

    Without that, the disk is searched for it at each try. httpcore tries to import sniffio several times a request.
    """
    if name not in sys.modules and find_spec(name) is None:
        sys.modules[name] = None  # type: ignore[assignment] # as the import system has it
