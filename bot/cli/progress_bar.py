"""The progress bar of a command that takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.terminal import streams

ShowProgress = Callable[[str, int, int], None]
"""Shows what is being done, how much of it is done, and how much there is in all."""


@contextmanager
def progress_bar(beginning: str) -> Iterator[ShowProgress]:
    """Show a progress bar on a terminal, with the text `beginning` at first, and nothing elsewhere."""
    if not streams.is_terminal(error=True):
        yield lambda _what, _done, _total: None
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )  # fmt: skip
    with progress.Progress(*columns, console=streams.console(error=True), transient=True) as bar:
        line = bar.add_task(beginning, total=None)
        yield lambda what, done, total: bar.update(line, description=what, completed=done, total=total)
