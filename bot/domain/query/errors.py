"""Errors of the query language; `str()` of each says in plain sentences what is wrong, and what to type instead."""

from bot.domain.text import one_line

EMPTY = "this month"
"""What can be typed for the empty line, one's own spend this month."""


_LONGEST_WORD = 60  # characters of a word that an error repeats


def quoted(word: str) -> str:
    """Return a word as an error repeats it: in quotes, cut if it is long."""
    return f'"{one_line(word, _LONGEST_WORD)}"'


class QueryError(ValueError):
    """A line is not a question; `reason` says why in whole sentences.

    `word` and `column` (from 1, in the cleaned line) say where; `instead` is the whole line to type, if one is known.
    `understood` is the line of what else was understood; empty if that is nothing, or not known.
    """

    def __init__(
        self, reason: str, word: str = "", column: int = 1, instead: str | None = None, understood: str = ""
    ) -> None:
        self.reason, self.word, self.column, self.instead, self.understood = reason, word, column, instead, understood
        super().__init__(f"{reason} {self.advice}".strip())

    @property
    def advice(self) -> str:
        """What to type instead, as a sentence; empty if the reason says it."""
        if self.instead:
            return "" if f"`{self.instead}`" in self.reason else f"Try `{self.instead}`."
        if "`" in self.reason:
            return ""
        return f"Try `{self.understood}`, or ask for `help`." if self.understood else "`help` shows what you can ask."

    def behind(self, command: str) -> "QueryError":
        """Return the same error about a line behind a command, such as `errors`, with lines to type behind it too."""

        def typed(line: str | None) -> str:
            return f"{command} {line}" if line else ""

        return QueryError(self.reason, self.word, self.column, typed(self.instead) or None, typed(self.understood))


class ExactError(QueryError):
    """Every word means something in the query language, but they don't go together: the line means nothing else."""


class MisspeltError(QueryError):
    """A word is not known, but near to a known one; `corrected` is the word with that one in its place."""

    def __init__(self, reason: str, word: str, column: int, *, near: str, corrected: str) -> None:
        super().__init__(f"{reason} Did you mean `{near}`?", word, column)
        self.corrected = corrected


class UnknownWordError(QueryError):
    """A word is neither known nor filler; `is_name` says that it stands where people are named."""

    def __init__(self, error: QueryError, understood: str, *, is_name: bool) -> None:
        super().__init__(error.reason, error.word, error.column, error.instead, understood)
        self.is_name = is_name


class AmbiguousError(QueryError):
    """A line may mean several questions: the `lines` of the query language that ask them.

    `why` says in a sentence why it is not one question, where it is not that words mean several things.
    """

    def __init__(self, lines: tuple[str, ...], why: str = "") -> None:
        meanings = " or ".join(f"`{line or EMPTY}`" for line in lines)
        super().__init__(f"{why} Try {meanings}." if why else f"That could mean {meanings}. Type the one you mean.")
        self.lines, self.why = lines, why

    def behind(self, command: str) -> "AmbiguousError":
        """Return the same error about a line behind a command."""
        return AmbiguousError(tuple(f"{command} {line or EMPTY}" for line in self.lines), self.why)


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
