"""A draft: what has been understood of a line so far, and the error about one of its tokens."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from bot.domain.query.errors import ExactError, QueryError, WhenError, quoted
from bot.domain.query.question import Field, Filter, Question
from bot.domain.query.tokens import Token, clean
from bot.domain.query.when import Edge, Range, When


@dataclass(slots=True)
class QuestionDraft:
    """What has been understood of a cleaned line so far.

    `statuses` is what `status:` may name; `when_token` is the last token that named a time, and `edges` are those of
    `from:` and `to:`.
    """

    line: str
    statuses: Collection[str]
    question: Question = field(default_factory=Question)
    when_token: Token | None = None
    edges: dict[str, Edge] = field(default_factory=dict)
    _filters: dict[tuple[Field, bool], dict[str, None]] = field(default_factory=dict)

    def complete_question(self) -> Question:
        """Return the question, its filters in normal form."""
        filters = (Filter(name, tuple(values), exclude) for (name, exclude), values in self._filters.items())
        return replace(self.question, filters=tuple(sorted(filters)))

    def add_person(self, person: str) -> None:
        """Name a person, once."""
        people = dict.fromkeys((*self.question.people, person))
        self.question = replace(self.question, people=tuple(people))

    def add_filter(self, name: Field, values: Iterable[str], *, exclude: bool) -> None:
        """Add values to the filter of a field and direction, each once."""
        self._filters.setdefault((name, exclude), {}).update(dict.fromkeys(values))

    def set_when(self, token: Token, when: When) -> None:
        """Set the time. Raises QueryError if there is one already."""
        if self.when_token is not None:
            raise self._second_time(token)
        self.when_token = token
        self.question = replace(self.question, when=when)

    def check_edge(self, token: Token, key: str) -> None:
        """Raise QueryError if the time is set already, or its edge of that key (`from` or `to`)."""
        if key in self.edges:
            raise self.error(token, f"You gave two `{key}:`. One is enough.", "")
        if self.when_token is not None and not self.edges:
            raise self._second_time(token)

    def set_edge(self, token: Token, key: str, edge: Edge) -> None:
        """Set one edge of the time asked for."""
        self.edges[key] = edge
        self.when_token = token
        self.question = replace(self.question, when=Range(self.edges.get("from"), self.edges.get("to")))

    def _second_time(self, token: Token) -> QueryError:
        first = "" if self.when_token is None else self.when_token.raw
        return self.error(token, f"You gave two times, {quoted(first)} and {quoted(token.raw)}. One is enough.", "")

    def time_error(self, token: Token, error: WhenError) -> QueryError:
        """Return the error about a token that is written as a time and is none."""
        return self.error(token, f"I can't use {quoted(token.raw)}: {error.clause}.")

    def contradiction(self, token: Token, reason: str, better: str | None) -> ExactError:
        """Return the error about a token of known words that don't go together; `better` as that of `error`."""
        error = self.error(token, reason, better)
        return ExactError(error.reason, error.word, error.column, error.instead)

    def error(self, token: Token, reason: str, better: str | None = None) -> QueryError:
        """Return the error about a token; `better` is what to type in its place (nothing, if it is empty)."""
        if better is None:
            return QueryError(reason, token.raw, token.column)
        start = token.column - 1
        before, after = self.line[:start], self.line[start + len(token.raw) :]
        hint = f" Did you mean `{better}`?" if better else ""
        return QueryError(f"{reason}{hint}", token.raw, token.column, clean(f"{before}{better}{after}"))
