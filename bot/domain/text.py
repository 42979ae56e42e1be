"""Text from elsewhere, made harmless for a line that people read."""

import unicodedata

_BREAKS = "\t\r\n\v\f\x85\u2028\u2029"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible and bidi marks, surrogates, line separators


def one_line(text: str, longest: int = 200) -> str:
    """The text on one line, without controls or marks that reorder it, cut with an ellipsis."""
    if not (text.isascii() and text.isprintable()):  # nearly all text is, and needs no look at each letter
        text = "".join(" " if letter in _BREAKS else letter for letter in text if _shows(letter))
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _shows(letter: str) -> bool:
    return letter in _BREAKS or unicodedata.category(letter) not in _HIDDEN
