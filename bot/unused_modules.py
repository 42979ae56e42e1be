"""Modules that a service never uses, and that the libraries which it uses would import."""

import sys


def leave_out_what_prints() -> None:
    """Keep libraries from importing what they print tables and colors with, which takes time, and 3 MB for good.

    These are httpx, structlog and Mako, which Alembic uses.
    """
    for name in ("httpx._main", "pygments", "rich"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # as the import system has it
