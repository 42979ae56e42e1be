"""The line of the query language that a shell's words make up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def suggesting_lines_of(command: str) -> Iterator[None]:
    """Have an error about a question suggest lines behind the command, as they are typed in a shell."""
    from bot.domain.query.errors import QueryError

    try:
        yield
    except QueryError as error:
        raise error.behind(f"neo-usage {command}") from error.__cause__


def query_line(words: Sequence[str]) -> str:
    """Return the words as one line; values whose quotes the shell took get them back, each of several its own.

    A word that holds several of the query language, such as `"model:opus 7d"`, is a part of the line as it stands.
    """
    return " ".join(_with_quotes(word) for word in words)


def _with_quotes(word: str) -> str:
    key, colon, value = word.partition(":")
    if colon and " " in value and " " not in key and ":" not in value and '"' not in value:
        if _is_line(key, value):
            return word
        # what is searched for may hold a comma; names and statuses are told apart by it
        parts = [value] if key.lower().endswith("search") else value.split(",")
        return f"{key}:{','.join(_quoted(part) for part in parts)}"
    return word


def _is_line(key: str, value: str) -> bool:
    """Return whether what stands behind the first space of a value is of the query language; text may be anything."""
    from bot.domain.query.parser import is_language

    return not key.lower().endswith("search") and is_language(value.partition(" ")[2])


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
