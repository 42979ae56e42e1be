"""The warning that the upstream's key has lost sight of tasks or e-mails it once showed; written by a sync."""

from sqlalchemy import Connection

from bot.database import metadata
from bot.ledger.scope import EVERYTHING, Scope

_KEY = "scope_warning"
WARNING = metadata.value_of(_KEY)
_FOR_MEMBERS = (
    "Neo shows me less than before, so some of your tasks may be missing here. The operators have been notified."
)


def api_key_warning(connection: Connection, scope: Scope = EVERYTHING) -> str | None:
    """Return the warning as `shown_warning`; None while the key sees everything."""
    return shown_warning(metadata.read(connection, _KEY), scope)


def shown_warning(warning: str | None, scope: Scope) -> str | None:
    """Return a stored warning as it is shown: without figures for anybody but operators."""
    return warning if warning is None or scope.member is None else _FOR_MEMBERS


def set_api_key_warning(connection: Connection, warning: str | None) -> None:
    """Record the warning, or clear it with None."""
    metadata.write(connection, _KEY, warning)
