"""Errors of the query language; `str()` of each is one sentence for the person who typed the line."""

EMPTY = "this month"
"""What can be typed for the empty line, one's own spend this month."""


class QueryError(ValueError):
    """A line is not a question.

    `word` and `column` (from 1, in the cleaned line) say where; `instead` is the whole line to type, if one is known.
    """

    def __init__(self, reason: str, word: str = "", column: int = 1, instead: str | None = None) -> None:
        place = f"`{word}` (at character {column}): " if word else ""
        hint = f" Try: `{instead}`" if instead else ""
        super().__init__(f"{place}{reason}{'' if reason.endswith('?') else '.'}{hint}")
        self.reason, self.word, self.column, self.instead = reason, word, column, instead


class AmbiguousError(QueryError):
    """A line may mean several questions: the `lines` of the query language that ask them."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__(f"it could mean {' or '.join(f'`{line or EMPTY}`' for line in lines)}; type the one you mean")
        self.lines = lines


class UnclosedQuoteError(ValueError):
    """A double quote is not closed; `column` is where it stands, counted from 1."""

    def __init__(self, column: int) -> None:
        super().__init__(f"a quote is not closed: the one at character {column}.")
        self.column = column


class WhenError(ValueError):
    """A text is written as a time but means none, or its window cannot be asked for; the message says why."""
