"""Whether the ledger holds all of the time that a digest covers."""

from datetime import datetime

from bot.database.reader import Reader
from bot.domain.periods import Window
from bot.ledger.freshness import beginning, freshness, is_complete
from bot.ledger.pass_history import has_complete_pass
from bot.ledger.scope import EVERYTHING


def holds_all(reader: Reader, window: Window, now: datetime) -> bool:
    """Return whether a complete pass began after the window's end, and complete passes cover all of the window."""
    if not has_complete_pass(reader, window.end, now):
        return False
    fresh = freshness(reader, now)
    return is_complete(fresh, window, beginning(reader, fresh, EVERYTHING))
