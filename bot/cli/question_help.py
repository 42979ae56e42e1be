"""The help of commands that take a question: the language, with examples, on one screen."""

from collections.abc import Sequence
from typing import ClassVar

import click

from bot.cli.usage_errors import WordsCommand

Lines = Sequence[tuple[str, str]]

_REPORT_EXAMPLES: Lines = (
    ("neo-usage report", "the team's month so far"),
    ("neo-usage report last week by:member", "who spent how much last week"),
    ("neo-usage report 7d by:model top:5", "the five models that cost most"),
    ("neo-usage report @ana 30d by:day", "Ana's spend, day by day"),
    ("neo-usage report yesterday rows --csv", "yesterday's tasks as a file"),
)
_ERROR_EXAMPLES: Lines = (
    ("neo-usage errors", "failures of this month"),
    ("neo-usage errors 7d model:opus", "failures of one model in the last 7 days"),
    ("neo-usage errors @ana yesterday", "Ana's failures yesterday"),
)
_TIME = ("Time", "today  yesterday  24h  7d  4w  this|last week|month|quarter|year  2026-11  2026-11-01..2026-11-15")
_FILTERS = ("Filters", "model:opus  status:failed  search:acme  task:ID  byok:yes  -status:completed excludes")
_PEOPLE = ("People", "@ana  email:ana@acme.example  (without either: the whole team)")
_GROUPS = ("Groups", "by:member|model|status|day|week|month|tool|agent, two at most: by:member,model")
_LISTS = ("Lists", "rows for single tasks  top:10  sort:cost|tasks|name  average:day|task")
_WORDS = ("Words", "everyday words work too: last 7 days per user, how much did ana spend on opus")
_ASKED_FOR = {("help",), ("?",)}


class QuestionCommand(WordsCommand):
    """A command that takes a question; its help ends with examples and the language."""

    examples: ClassVar[Lines]
    language: ClassVar[Lines]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the language after the options."""
        del ctx
        for heading, lines in (("Examples", self.examples), ("Question, in any order", self.language)):
            with formatter.section(heading):
                formatter.write_dl(lines, col_max=40)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, or print its help if the question is `help`."""
        if ctx.params["query"] in _ASKED_FOR:
            click.echo(ctx.get_help())
            return None
        return super().invoke(ctx)


class ReportCommand(QuestionCommand):
    """The command `report`."""

    examples = _REPORT_EXAMPLES
    language = (_TIME, _FILTERS, _PEOPLE, _GROUPS, _LISTS, _WORDS)


class ErrorsCommand(QuestionCommand):
    """The command `errors`."""

    examples = _ERROR_EXAMPLES
    language = (_TIME, _FILTERS, _PEOPLE, _WORDS)
