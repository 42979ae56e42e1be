"""The lexer: a typed line becomes tokens, with quotes, Slack's markup and odd spaces understood."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.slack_ids import format_mention
from bot.domain.text import ascii_lower

_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"  # that keyboards and chat programs make of plain quotes
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032"  # the same of apostrophes
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
_LOOKALIKES = str.maketrans(
    dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_INVISIBLE)
    | {"\u2026": "...", "\ua789": ":"}  # our own messages have it in place of a colon
    | {chr(half): None for half in range(0xD800, 0xE000)}  # lone surrogates, which no database stores
)
_MARKUP = re.compile(r"<(@|mailto:|https?://|#|!)[^<>]*>")
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>", re.IGNORECASE)
_MAIL = re.compile(r"<mailto:([^|>]*)(?:\|[^>]*)?>", re.IGNORECASE)
_LINK = re.compile(r"<(https?://[^|>]*)(?:\|([^>]*))?>", re.IGNORECASE)
_VALUE_ENDS = re.compile(r"'(?=[ ,]|$)")
_QUOTED = re.compile(r'("[^"]*")')
_KEY = re.compile(r"-?[a-z_]+", re.IGNORECASE)
_LETTERS = re.compile(r"[^ \"'<:,]+")  # that stand for nothing but themselves


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a line: `key:value,value`, or bare with one value and no key.

    `column` counts from 1 in the cleaned line, `raw` is the token as it stands there. A key is lower-cased and
    keeps its leading `-`. Values are free of quotes and markup.
    """

    raw: str
    column: int
    key: str | None
    values: tuple[str, ...]

    @property
    def bare(self) -> str:
        """The value of a token without a key, with its ASCII letters in lower case, as e-mails are compared."""
        return ascii_lower(self.values[0])


def clean(line: str) -> str:
    """Return the line with plain quotes and spaces, and without invisible characters."""
    return " ".join(part for part in re.split(r"\s", line.translate(_LOOKALIKES).replace("\0", " ")) if part)


def without_markup(line: str) -> str:
    """Return the line without the markup that Slack puts round addresses; mentions stay."""
    return _MARKUP.sub(lambda markup: _text_of(markup[0]), line)


def outside_quotes(line: str, rewrite: Callable[[str], str]) -> str:
    """Return a cleaned line with each part of it rewritten that stands in no double quotes."""
    return "".join(part if part.startswith('"') else rewrite(part) for part in _QUOTED.split(line))


def split(line: str) -> list[Token]:
    """Return the tokens of a cleaned line.

    Raises:
        UnclosedQuoteError: a double quote is not closed.
    """
    tokens, position = [], 0
    while position < len(line):
        if line[position] == " ":
            position += 1
            continue
        cells, end = _cells(line, position)
        tokens.append(_token(line[position:end], position + 1, cells))
        position = end
    return tokens


_Cell = tuple[str, bool]  # some text, and whether it is literal (quoted or markup)


def _cells(line: str, start: int) -> tuple[list[_Cell], int]:
    """Return the cells of the token that begins at `start`, and where it ends."""
    cells: list[_Cell] = []
    position = start
    while position < len(line) and line[position] != " ":
        if letters := _LETTERS.match(line, position):
            cells.append((letters[0], False))
            position = letters.end()
            continue
        end_quote = _end_of_quote(line, position, opens=not cells or cells[-1] in {(":", False), (",", False)})
        if end_quote:
            # values hold no double quote, so that each can be quoted when it is said back
            cells.append((line[position + 1 : end_quote].replace('"', ""), True))
            position = end_quote + 1
        elif markup := _MARKUP.match(line, position):
            cells.append((_text_of(markup[0]).replace('"', ""), True))
            position = markup.end()
        else:
            cells.append((line[position], False))
            position += 1
    return cells, position


def _end_of_quote(line: str, position: int, *, opens: bool) -> int | None:
    """Return where the quote that opens at `place` closes; None if none opens there.

    A double quote opens anywhere; an apostrophe only where a value begins and ends, so that `it's` is one token.
    """
    if line[position] == '"':
        end_quote = line.find('"', position + 1)
        if end_quote < 0:
            raise UnclosedQuoteError(position + 1)
        return end_quote
    if line[position] == "'" and opens:
        end_apostrophe = _VALUE_ENDS.search(line, position + 1)
        return end_apostrophe.start() if end_apostrophe else None
    return None


def _text_of(markup: str) -> str:
    if mention := _MENTION.fullmatch(markup):
        return format_mention(mention[1].upper())
    if mail := _MAIL.fullmatch(markup):
        return mail[1]
    if link := _LINK.fullmatch(markup):
        return link[2] or link[1]
    return markup


def _token(raw: str, column: int, cells: list[_Cell]) -> Token:
    colon = next((i for i, cell in enumerate(cells) if cell == (":", False)), None)
    if colon is not None and all(not literal for _, literal in cells[:colon]):
        key = "".join(text for text, _ in cells[:colon])
        if _KEY.fullmatch(key):
            return Token(raw, column, key.lower(), tuple(_values(cells[colon + 1 :])))
    return Token(raw, column, None, ("".join(text for text, _ in cells),))


def _values(cells: list[_Cell]) -> list[str]:
    values = [""]
    for cell in cells:
        if cell == (",", False):
            values.append("")
        else:
            values[-1] += cell[0]
    return [value.strip() for value in values]
