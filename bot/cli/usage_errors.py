"""How the commands take what is typed behind them: words that begin with `-`, and wrong use as one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from bot.cli.errors import WRONG_USE, print_error
from bot.cli.output import single_line


class WordsCommand(click.Command):
    """A command whose words may begin with `-`, such as `-status:completed`, which are no options then."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, with `-h` for `--help`."""
        # with `-h` among the options, each letter of `-model:haiku` would be looked at
        ctx.ignore_unknown_options, ctx.help_option_names = True, ["--help"]
        return super().parse_args(ctx, ["--help" if arg == "-h" else arg for arg in args])


class MainGroup(click.Group):
    """The group of all commands, which says in one line what was typed wrongly."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Return the context. Raises WrongUseError for an option that there is not."""
        with _one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Raises WrongUseError for a command or an option that there is not, and a wrong argument."""
        with _one_line():
            return super().invoke(ctx)


class WrongUseError(click.ClickException):
    """A command was typed wrongly; the message says how, and what to type to see its help."""

    exit_code = WRONG_USE

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to standard error."""
        del file
        print_error(self.message)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise  # shows the whole help
    except click.UsageError as error:
        command = "neo-usage" if error.ctx is None else error.ctx.command_path
        what = error.format_message().rstrip(".")
        raise WrongUseError(single_line(f"{what}. Try `{command} --help`.")) from None
