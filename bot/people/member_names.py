"""Names of members: what those who are known by their e-mail in Neo are called in Slack."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection

from bot.domain.text import ascii_lower, visible
from bot.ledger.members import NAMELESS
from bot.people import links
from bot.people.roles import DenialReason, SlackUser

MemberNames = Callable[[Connection, Iterable[str]], Mapping[str, str]]
"""Returns what each of some e-mails is shown as; in Slack that is `People.names`."""


def emails_as_names(_connection: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Return each e-mail as its own name, for what is not shown in Slack."""
    return {email: email for email in emails}


_NAMELESS = {DenialReason.BOT, DenialReason.OUTSIDE}  # whose names are not those of colleagues
# what messages call others than one member; nobody can take such a name, nor one that is an e-mail
_RESERVED = {"", *NAMELESS, "team", "the team", "the whole team", "default", "a member", "you"}


def member_names(connection: Connection, users: Iterable[SlackUser], emails: Iterable[str]) -> dict[str, str]:
    """Return the name in Slack of each e-mail; the e-mail itself where Slack knows nobody, or two of one name.

    Who calls themselves by an e-mail, or so that it may be taken for another name, is shown by their own e-mail, too.

    `users` are those of the workspace. An operator's link counts before the address in Slack. Names are untrusted
    text, as e-mails are.
    """
    everybody = [user for user in users if user.denial not in _NAMELESS]
    holders = users_by_email(everybody, links.users_by_email(connection))
    times = Counter(_folded(user.name) for user in everybody)
    return {email: _name(email, holders, times) for email in emails}


def users_by_email(users: Iterable[SlackUser], linked: Mapping[str, str]) -> dict[str, SlackUser]:
    """Return the user of each e-mail: who has it in Slack, unless they or somebody else are linked otherwise."""
    by_id = {user.id: user for user in users}
    taken = set(linked.values())
    unlinked = [user for user in by_id.values() if user.id not in taken]
    own = {user.email: user for user in unlinked if user.email is not None and user.email not in linked}
    return own | {email: by_id[user] for email, user in linked.items() if user in by_id}


def _name(email: str, holders: Mapping[str, SlackUser], times: Mapping[str, int]) -> str:
    holder = holders.get(ascii_lower(email))
    if holder is None:
        return email
    folded = _folded(holder.name)
    is_plain = folded not in _RESERVED and "@" not in folded and times[folded] == 1
    return holder.name if is_plain else email


def _folded(name: str) -> str:
    """Return what is the same of all names that look the same but for their case."""
    return " ".join(visible(unicodedata.normalize("NFKC", name)).casefold().split())
