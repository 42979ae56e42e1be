"""People who are left out of a question by a mention, as in `everyone but @ana`: Slack gives their ids, not names."""

import re

from bot.domain.access import Caller, Role
from bot.domain.everyday.vocabulary import LEAVING_OUT
from bot.domain.query.question import quote
from bot.domain.query.tokens import clean
from bot.domain.slack_ids import format_mention
from bot.people.people import People

_WORDS = "|".join(" ".join(each) for each in sorted(LEAVING_OUT, key=len, reverse=True))
_USER = re.compile(r"<@([UW][A-Z0-9]+)", re.IGNORECASE)
_MENTION = r"<@[UW][A-Z0-9]+(?:\|[^<>]*)?>"
_LEFT_OUT = re.compile(
    rf"(?<!\S)(?:{_WORDS}) (?P<whom>{_MENTION}(?:(?: ?,| and| or| nor| &)? {_MENTION})*)(?!\S)", re.IGNORECASE
)


async def with_left_out(people: People, line: str, caller: Caller) -> str:
    """Return a line in which the e-mails of those who are left out by mentions stand as filters; for operators alone.

    Raises RefusedError if one of them cannot be matched to an e-mail.
    """
    if caller.role is not Role.OPERATOR or "<@" not in line:
        return line
    parts, begun, said = list[str](), 0, clean(line)
    for found in _LEFT_OUT.finditer(said):
        users = _USER.findall(found["whom"])
        emails = [await people.email_of_mention(format_mention(user.upper())) for user in users]
        parts += [said[begun : found.start()], " ".join(f"-email:{quote(email)}" for email in emails)]
        begun = found.end()
    return "".join([*parts, said[begun:]]) if parts else line
