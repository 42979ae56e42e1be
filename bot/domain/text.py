"""Text from elsewhere, made harmless for a line that people read."""

import json
import re
import unicodedata

_BREAKS = "\t\r\n\v\f\x85\u2028\u2029"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible and bidi marks, surrogates, line separators
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters and marks by category, but invisible
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ACCENTS = re.compile("[\u0300-\u036f]")  # Unicode, "Combining Diacritical Marks": of Latin, Greek and Cyrillic
_PLAIN = re.compile(r"[\n\x20-\x7e]*")


def one_line(text: str, longest: int = 200) -> str:
    """Return the text on one line, without controls or marks that reorder it, cut with an ellipsis."""
    if not (text.isascii() and text.isprintable()):  # nearly all text is, which spares a look at each letter
        text = "".join(" " if letter in _BREAKS else letter for letter in text if _is_visible(letter))
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def capitalized(text: str) -> str:
    """Return the text with its first letter in upper case, and the rest as it is."""
    return text[:1].upper() + text[1:]


def ascii_lower(text: str) -> str:
    """Return the text with its ASCII letters in lower case, so that no two letters that differ become the same.

    `str.lower` makes a k of the Kelvin sign; SQLite's `lower` and LIKE do not, and neither does this.
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


def without_accents(text: str) -> str:
    """Return the text with its letters in plain: `Seán` as `Sean`. What is a letter of its own, such as `ø`, stays."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def without_owner(name: str) -> str:
    """Return a name without the ending of an owner: `marcus` of `marcus'` and `ana` of `ana's`."""
    return name.removesuffix("'s") if name.endswith("'s") else name.removesuffix("'")


def visible(text: str) -> str:
    """Return the text without controls and without marks that reorder it or are not seen; its line ends stay."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(" " if letter in _BREAKS and letter != "\n" else letter for letter in text if _is_visible(letter))


def json_text(document: object) -> str:
    """Return a document as JSON of nothing but printable ASCII; what else it holds is escaped."""
    return json.dumps(document, indent=2, ensure_ascii=True).replace("\x7f", "\\u007f")


def _is_visible(letter: str) -> bool:
    return letter in _BREAKS or (unicodedata.category(letter) not in _HIDDEN and letter not in _FILLERS)
