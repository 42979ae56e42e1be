"""Names of members: what those who are known by their e-mail in Neo are called in Slack."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection

from bot.domain.text import ascii_lower
from bot.people import links
from bot.people.roles import DenialReason, SlackUser

MemberNames = Callable[[Connection, Iterable[str]], Mapping[str, str]]
"""Returns what each of some e-mails is shown as; in Slack that is `People.names`."""


def emails_as_names(_connection: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Return each e-mail as its own name, for what is not shown in Slack."""
    return {email: email for email in emails}


_NAMELESS = {DenialReason.BOT, DenialReason.OUTSIDE}  # whose names are not those of colleagues


def member_names(connection: Connection, users: Iterable[SlackUser], emails: Iterable[str]) -> dict[str, str]:
    """Return the name in Slack of each e-mail; the e-mail itself where Slack knows nobody, or two of one name.

    `users` are those of the workspace. An operator's link counts before the address in Slack. Names are untrusted
    text, as e-mails are.
    """
    everybody = [user for user in users if user.denial not in _NAMELESS]
    holders = _holders(everybody, links.users_by_email(connection))
    times = Counter(_folded(user.name) for user in everybody)
    return {email: _name(email, holders, times) for email in emails}


def _holders(everybody: Iterable[SlackUser], linked: Mapping[str, str]) -> dict[str, SlackUser]:
    """Return the user of each e-mail: who has it in Slack, unless somebody is linked to it."""
    by_id = {user.id: user for user in everybody}
    taken = set(linked.values())
    own = {user.email: user for user in by_id.values() if user.email is not None and user.id not in taken}
    return own | {email: by_id[user] for email, user in linked.items() if user in by_id}


def _name(email: str, holders: Mapping[str, SlackUser], times: Mapping[str, int]) -> str:
    holder = holders.get(ascii_lower(email))
    return email if holder is None or not holder.name.strip() or times[_folded(holder.name)] > 1 else holder.name


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
