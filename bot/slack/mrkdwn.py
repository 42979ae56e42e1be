"""Mrkdwn: escape untrusted text for Slack's markup, so that it mentions, links and formats nothing."""

import re

from bot.domain.slack_ids import TYPED_MENTION, format_mention, is_channel_id
from bot.domain.text import one_line

LONGEST = 300  # characters of one untrusted text in a message

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack has no escape for its marks, and reads their full-width forms as them; these look alike and format nothing
_LOOKALIKES = str.maketrans("*\uff0a~\uff5e`\uff40_\uff3f", "\u2217\u2217\u223c\u223c\u02cb\u02cb\u02cd\u02cd")
# an underscore inside a word, as in `error_storm`, formats nothing and stays
_MARKS = re.compile(r"[*\uff0a~\uff5e`\uff40\uff3f]|(?<![^\W_])_|_(?![^\W_])")
# no mark, entity, colon or @, and nothing but ASCII
_HARMLESS = re.compile(r"[ -%'-)+-9;=?A-^a-}]*")
_BACKTICKS = str.maketrans("`\uff40", "\u02cb\u02cb")
# any name between colons becomes an emoji, and the second colon may be the template's, right after the text
_EMOJI = re.compile(r"[:\uff1a](?=[^\s:\uff1a]+[:\uff1a])|(?<![^\W_])[:\uff1a](?=[^\s:\uff1a]*$)")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//)|\b(mailto|tel|javascript):")
_BROADCAST = re.compile(r"(?i)(?<![\w.+-])@(?=(?:channel|here|everyone|group)\b)")
# at the start of a line: a quotation, a list item
_QUOTE = re.compile(r"^(?:&gt;|[\uff1e\ufe65]|\s)*(?:&gt;|[\uff1e\ufe65])")
_ITEM = re.compile(r"^(?:([\u2022\u25e6\u25aa\u2023\u2043-])|(\d{1,3})[.)])(?=\s)")
_COLON = "\ua789"  # looks like a colon; `domain.query.tokens` reads it as one where it is typed back
_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]+)&gt;")
_CODE = re.compile(r"(`[^`\s](?:[^`]*[^`\s])?`)")  # as Slack pairs backticks; any other is a mark like the rest


class Trusted(str):
    """Mrkdwn that this program wrote itself, such as a mention; it is never escaped."""

    __slots__ = ()


def mention(user_id: str) -> Trusted:
    """Return the mention of a Slack user; what is not a user id is escaped."""
    return Trusted(format_mention(user_id)) if re.fullmatch(r"[UW][A-Z0-9]+", user_id) else Trusted(escape(user_id))


def channel_link(channel: str) -> Trusted:
    """Return the link to a channel by its id; a name is escaped."""
    return Trusted(f"<#{channel}>") if is_channel_id(channel) else Trusted(escape(channel))


def escape(value: object) -> str:
    """Return the value as one line of mrkdwn that mentions, links, formats and reorders nothing, cut to LONGEST."""
    if isinstance(value, Trusted):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return _escape_line_start(_escape_marks(one_line(str(value), LONGEST).translate(_ENTITIES)))


def escape_preformatted(line: str) -> str:
    """Return a line for a preformatted block, where only the three entities and the backtick have a meaning."""
    return line.translate(_BACKTICKS).translate(_ENTITIES)


def code(value: object) -> Trusted:
    """Return the value as inline code, which can be copied unchanged but for backticks; "" if it is empty."""
    text = escape_preformatted(one_line(str(value), 4 * LONGEST))
    return Trusted(f"`{text}`") if text else Trusted("")


def typed_line(value: object) -> Trusted:
    """Return a line to type as inline code, but for the mentions in it: inside code they would show as ids."""
    parts = enumerate(TYPED_MENTION.split(str(value)))
    return Trusted(" ".join(mention(part) if at % 2 else code(part.strip()) for at, part in parts if part.strip()))


def readable_text(sentence: str) -> Trusted:
    """Return a sentence of this program's that quotes untrusted text: escaped, but for inline code and mentions.

    Inline code keeps its characters, so that it can be copied; Slack formats nothing inside it.
    """
    parts = _CODE.split(one_line(sentence, 4 * LONGEST).translate(_ENTITIES))
    parts[::2] = [_MENTION.sub(lambda user: format_mention(user[1]), _escape_marks(part)) for part in parts[::2]]
    parts[1::2] = [f"`{part[1:-1].translate(_BACKTICKS)}`" for part in parts[1::2]]
    return Trusted(_escape_line_start("".join(parts)))


def _escape_marks(text: str) -> str:
    """Replace whatever formats, shows an emoji, or becomes a link by itself."""
    if _HARMLESS.fullmatch(text):  # as most texts are, which spares four searches
        return text
    text = _MARKS.sub(lambda mark: mark[0].translate(_LOOKALIKES), text)
    text = _EMOJI.sub(_COLON, text)
    text = _BROADCAST.sub("\uff20", text)
    return _SCHEME.sub(lambda scheme: f"{scheme[1] or scheme[2]}{_COLON}", text)


def _escape_line_start(text: str) -> str:
    """Replace a beginning that Slack takes for a quotation or a list item."""
    text = _QUOTE.sub(lambda quote: re.sub(r"&gt;|[\uff1e\ufe65]", "\u203a", quote[0]), text)
    return _ITEM.sub(lambda item: f"{item[2]}\u2024" if item[2] else "\u2010" if item[1] == "-" else "\u00b7", text)
