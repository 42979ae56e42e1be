"""Errors of the query language; `str()` of each says in plain sentences what is wrong, and what to type instead."""

from bot.domain.text import one_line

EMPTY = "this month"
"""What can be typed for the empty line, one's own spend this month."""


_EXAMPLE = "7d by:model"
_LONGEST_WORD = 60  # characters of a word that an error repeats


def quoted(word: str) -> str:
    """Return a word as an error repeats it: in quotes, cut if it is long."""
    return f'"{one_line(word, _LONGEST_WORD)}"'


class QueryError(ValueError):
    """A line is not a question; `reason` says why in whole sentences.

    `word` and `column` (from 1, in the cleaned line) say where; `instead` is the whole line to type, if one is known.
    """

    def __init__(self, reason: str, word: str = "", column: int = 1, instead: str | None = None) -> None:
        self.reason, self.word, self.column, self.instead = reason, word, column, instead
        super().__init__(f"{reason} {self.advice}".strip())

    @property
    def advice(self) -> str:
        """What to type instead, as a sentence; empty if the reason says it."""
        if self.instead:
            return "" if f"`{self.instead}`" in self.reason else f"Try `{self.instead}`."
        return "" if "`" in self.reason else f"Try `{_EXAMPLE}`, or ask for `help`."


class MisspeltError(QueryError):
    """A word is not known, but near to a known one; `corrected` is the word with that one in its place."""

    def __init__(self, reason: str, word: str, column: int, *, near: str, corrected: str) -> None:
        super().__init__(f"{reason} Did you mean `{near}`?", word, column)
        self.corrected = corrected


class AmbiguousError(QueryError):
    """A line may mean several questions: the `lines` of the query language that ask them."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        meanings = " or ".join(f"`{line or EMPTY}`" for line in lines)
        super().__init__(f"That could mean {meanings}. Type the one you mean.")
        self.lines = lines


class UnclosedQuoteError(ValueError):
    """A double quote is not closed; `column` is where it stands, counted from 1."""

    def __init__(self, column: int) -> None:
        super().__init__(f"The quote at character {column} isn't closed.")
        self.column = column


class WhenError(ValueError):
    """A text is written as a time but means none, or its window cannot be asked for; `clause` says why."""

    def __init__(self, clause: str) -> None:
        super().__init__(f"{clause[:1].upper()}{clause[1:]}.")
        self.clause = clause
