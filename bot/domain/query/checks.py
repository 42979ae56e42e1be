"""Checks of a whole question: that its parts go together, and that it is no longer than anybody types."""

from bot.domain.query.errors import ExactError, QueryError
from bot.domain.query.question import Question, describe

MAX_LINE = 4_000  # characters; Slack's own limit of a command's text is below it
MAX_VALUES = 100  # of one filter, and of people; SQL has limits of its own


def check_line(line: str) -> None:
    """Raise QueryError if a line is too long to be looked at."""
    if len(line) > MAX_LINE:
        raise QueryError(f"That question is longer than {MAX_LINE:,} characters.")


def check_combination(question: Question) -> None:
    """Raise ExactError if two parts of a question contradict each other."""
    if question.rows and question.by:
        raise ExactError("`rows` lists single tasks and `by:` groups them. Use one of the two.")
    if question.counts_only and question.sort == "cost":
        raise ExactError("`by:tool` and `by:agent` have no cost. Use `sort:tasks` or `sort:name`.")
    if question.rows and question.sort == "tasks":
        raise ExactError("`rows` lists single tasks. Use `sort:cost` or `sort:name`.")


def check_size(question: Question) -> None:
    """Raise ExactError if a question cannot be said back within MAX_LINE, or names more than MAX_VALUES of anything."""
    if len(describe(question)) > MAX_LINE:
        raise ExactError(f"Written out, that question is longer than {MAX_LINE:,} characters.")
    counts = [(f"values of `{each.field}:`", len(each.values)) for each in question.filters]
    for what, count in (*counts, ("people", len(question.people))):
        if count > MAX_VALUES:
            raise ExactError(f"That question has {count} {what}. {MAX_VALUES} is the most.")
