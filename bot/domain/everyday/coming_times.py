"""Days and times to come, which commands in everyday words may name and which change nothing of their answers."""

from typing import Final

from bot.domain.everyday.dates import MONTHS, WEEKDAYS

DAY: Final = rf"(?:{'|'.join(WEEKDAYS)})"
"""A pattern for the name of a weekday."""
_MONTH = rf"(?:{'|'.join(MONTHS)})"
COMING: Final = (
    rf"(?:tomorrow|tonight|today|(?:this |next )?{DAY}|(?:the )?end of (?:the |this )?(?:day|week|month|quarter|year)"
    rf"|(?:this|next) (?:week|month|quarter|year)|{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?)?"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{_MONTH})?|\d{{1,2}} {_MONTH}|20\d\d-\d\d(?:-\d\d)?)"
)
"""A pattern for a time to come: `tomorrow`, `next friday`, `the end of the month`, `mar 6`, `2026-12-31`."""
AT_THIS_RATE: Final = r"(?:at|with) (?:this|the current|our current) (?:rate|pace)"
"""A pattern for what says that spend goes on as it does."""
