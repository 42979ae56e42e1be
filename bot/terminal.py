"""The terminal: the one way out to standard output and error, on which no text from elsewhere can act."""

import codecs
import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOBase
from typing import TYPE_CHECKING, Any, TextIO

from bot.domain.text import visible

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 160  # of what is piped somewhere
_ERRORS = "neo-usage"
# what we draw ourselves, for an encoding that lacks it; all else is written as an escape such as \u6771
_PLAINER = {"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2022": "*", "\u00b7": "."}
_PLAINER |= dict(zip("█▉▊▋▌▍▎▏▁▂▃▄▅▆▇", "#====---_..--==", strict=True))


class Writer(TextIOBase):
    """Writes to a stream what shows of a text, and its line ends.

    It is no terminal to those who ask, since colors would not show either: what is styled goes through `console`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute, Python a property
        """The stream's."""
        return self._stream.encoding

    def writable(self) -> bool:
        """Whether it takes text, which it does."""
        return True

    def write(self, text: str) -> int:
        """Write a text; returns its length. Raises OSError where the stream does, never for its encoding."""
        self._stream.write(visible(text))
        return len(text)

    def flush(self) -> None:
        """Hand over what is held back."""
        self._stream.flush()


@contextmanager
def guarded() -> Iterator[None]:
    """Let everything that is printed inside pass through a `Writer`, in whatever encoding the streams have.

    A reader that has left, as `head` does, is no error; a disk that is full ends the process with a line.
    """
    streams = list(filter(None, (sys.stdout, sys.stderr)))  # either may be closed
    for each in streams:
        _take_any_letter(each)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (each and Writer(each) for each in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _flush(streams)


def _flush(streams: Iterable[TextIO]) -> None:
    for each in streams:
        try:
            each.flush()
        except OSError as error:
            _leave(each)
            if error.errno != errno.EPIPE and sys.stderr is not None:
                with suppress(OSError):
                    sys.stderr.write(f"neo-usage: cannot write the output: {error.strerror}.\n")
            sys.exit(1)


def _leave(stream: TextIO) -> None:
    """Let what the stream still holds go nowhere, else the interpreter complains of it at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def console(*, error: bool = False) -> "Console":
    """A console for tables and styles on standard output (or error), which shows texts as they are: no markup."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Inert(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for each in super().render(renderable, options):
                yield each if each.control else Segment(visible(each.text), each.style)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # as everywhere else; the library would end the process

    stream = _plain_stream(sys.stderr if error else sys.stdout)
    width = None if is_terminal(error=error) else WIDTH
    return Inert(file=stream, highlight=False, emoji=False, markup=False, width=width)


def is_terminal(*, error: bool = False) -> bool:
    """Whether standard output (or error) is a terminal."""
    stream = _plain_stream(sys.stderr if error else sys.stdout)
    return bool(stream and stream.isatty())


def _plain_stream(stream: Any) -> TextIO | None:  # noqa: ANN401 - typeshed takes no Writer for what sys.stdout is
    return stream._stream if isinstance(stream, Writer) else stream  # noqa: SLF001 - the console cleans by itself


def _take_any_letter(stream: TextIO) -> None:
    codecs.register_error(_ERRORS, _plainer)
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors=_ERRORS)


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    return _PLAINER.get(letter) or letter.encode("ascii", "backslashreplace").decode(), error.start + 1
