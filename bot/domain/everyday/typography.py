"""Typography: what phones, chat programs and other keyboards make of plain characters, undone."""

import re
import unicodedata
from functools import lru_cache

from bot.domain.query.tokens import clean, outside_quotes

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # Unicode, "Halfwidth and Fullwidth Forms"
_FULL_WIDTH_QUOTE = "\uff02"
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | {"\u2014": "--", "\u2015": "--"})
_APOSTROPHE = re.compile("(?<=[^\\W\\d_])[\u00b4`\u02bc\u2032](?=[^\\W\\d_])")  # between letters
_EMOJI_CODE = re.compile(r"(?<!\S):[a-z0-9_+-]+:(?!\S)(?:\s|$)|(?<!\S):skin-tone-\d:(?!\S)", re.ASCII)
_UNMARKED = r"(?!_[^\s_]*@\S*[^\s_](?!\S)|~[$\u20ac\u00a3]?\d[^\s~]*(?!\S))"  # an address, and `about 500`
_EMPHASIS = re.compile(rf"(?<!\S){_UNMARKED}[*_~`]+(?=[^\s*_~`])|(?<=[^\s*_~`])[*_~`]+(?=[?!.,;:]*(?:\s|$))")
_ENDINGS = re.compile(r"(?<=[^\s?!;,.])[?!;,.]+(?=\s|$)")
_BRACKETS = re.compile(r"(?<!\S)[(\[]+(?=\S)|(?<=\S)[)\]]+(?=[?!.,;:]*(?:\s|$))")
_LONE_MARKS = re.compile(r"(?<!\S)[?!;,.]+(?!\S)")


@lru_cache  # each of those that read a line in turn begins by this
def plain(line: str) -> str:
    """Return a line without emphasis, code marks, emoji and closing punctuation; what is in double quotes stays."""
    return " ".join(outside_quotes(clean(line.replace(_FULL_WIDTH_QUOTE, '"')), _unpunctuated).split())


def _unpunctuated(part: str) -> str:
    part = _EMOJI_CODE.sub(" ", _APOSTROPHE.sub("'", part).translate(_FULL_WIDTH).translate(_DASHES))
    kept = part if part.isascii() else "".join(" " if _is_picture(letter) else letter for letter in part)
    return _LONE_MARKS.sub("", _ENDINGS.sub("", _BRACKETS.sub("", _EMPHASIS.sub("", kept))))


def _is_picture(letter: str) -> bool:
    return letter > "\u00ff" and (unicodedata.category(letter) in {"So", "Sk"} or "\ufe00" <= letter <= "\ufe0f")
