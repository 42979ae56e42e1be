"""Checks of a whole question: that its parts go together, and that it is no longer than anybody types."""

from collections.abc import Collection

from bot.domain.query.errors import ExactError, QueryError
from bot.domain.query.question import TIME_GROUPINGS, Question, describe

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
    if question.average and (refusal := refused_average(question.by, rows=question.rows, csv=question.csv)):
        raise ExactError(refusal)


def refused_average(by: Collection[str], *, rows: bool, csv: bool) -> str:
    """Return why an answer with such groups, or with single tasks, or in a file, has no average; empty if it can."""
    if groups := [each for each in by if each not in TIME_GROUPINGS]:
        return f"I average the total, not each {groups[0]}. Ask for one at a time, or leave the average out."
    if rows:
        return "I average the total, and a list of tasks has each task's cost. Ask for one of the two."
    return "I can't put an average in a file. Leave out the file, or the average." if csv else ""


def check_size(question: Question) -> None:
    """Raise ExactError if a question cannot be said back within MAX_LINE, or names more than MAX_VALUES of anything."""
    if len(describe(question)) > MAX_LINE:
        raise ExactError(f"Written out, that question is longer than {MAX_LINE:,} characters.")
    counts = [(f"values of `{each.field}:`", len(each.values)) for each in question.filters]
    for what, count in (*counts, ("people", len(question.people))):
        if count > MAX_VALUES:
            raise ExactError(f"That question has {count} {what}. {MAX_VALUES} is the most.")
