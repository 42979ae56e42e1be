"""The one way out to standard output and error, on which no text from elsewhere can act."""

import codecs
import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOBase
from typing import TYPE_CHECKING, TextIO, cast

from bot.domain.text import visible

if TYPE_CHECKING:
    from rich.console import Console

UNLIMITED = 100_000  # the width of what is piped somewhere, where nothing is cut or wrapped
_ERRORS = "neo-usage"
# what we write ourselves, for an encoding that lacks it; all else is written as an escape such as \u6771
_REPLACEMENTS = {"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2022": "*", "\u00b7": "-", "\u2192": "->"}
_REPLACEMENTS |= {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u00d7": "x",
    "\u2591": ".",
    "\u2593": "+",
}
_REPLACEMENTS |= dict(zip("█▉▊▋▌▍▎▏▁▂▃▄▅▆▇", "#====---_..--==", strict=True))


class Writer(TextIOBase):
    """Writes to a stream what shows of a text, and its line ends.

    It is no terminal to those who ask, since colors would not show either: what is styled goes through `console`.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute, Python a property
        """The stream's."""
        return self.stream.encoding

    def writable(self) -> bool:
        """Whether it takes text: True."""
        return True

    def write(self, text: str) -> int:
        """Write a text and return its length. Raises OSError where the stream does, never for its encoding."""
        self.stream.write(visible(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self.stream.flush()

    def close(self) -> None:
        """Leave the stream open: it is not this one's, and Python would flush it once more, after all was said."""


@contextmanager
def safe_output() -> Iterator[None]:
    """Have everything that is printed inside pass through a `Writer`, in whatever encoding the streams have.

    The process exits with 1 if the reader has left, as `head` does, or the disk is full, which is said in a line.
    """
    streams = list(filter(None, (sys.stdout, sys.stderr)))  # either may be closed
    for each in streams:
        _accept_any_letter(each)
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
            _discard(each)
            if error.errno != errno.EPIPE and sys.stderr is not None:
                with suppress(OSError):
                    sys.stderr.write(f"neo-usage: cannot write the output: {error.strerror}.\n")
            sys.exit(1)


def _discard(stream: TextIO) -> None:
    """Discard what the stream still holds, else the interpreter reports it when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def console(*, error: bool = False) -> "Console":
    """Return a console for tables and styles on standard output (or error), which shows text as it is: no markup."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Inert(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for each in super().render(renderable, options):
                yield each if each.control else Segment(visible(each.text), each.style)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # as everywhere else; the library would end the process

    stream = _plain_stream(sys.stderr if error else sys.stdout)
    width = None if is_terminal(error=error) else UNLIMITED
    return Inert(file=stream, highlight=False, emoji=False, markup=False, width=width)


def printable(text: str, encoding: str) -> str:
    """Return a text as it is written in an encoding: with stand-ins for what that lacks, and nothing hidden."""
    return visible(text).encode(encoding, _ERRORS).decode(encoding)


def is_terminal(*, error: bool = False) -> bool:
    """Whether standard output (or error) is a terminal."""
    stream = _plain_stream(sys.stderr if error else sys.stdout)
    return bool(stream and stream.isatty())


def _plain_stream(stream: object) -> TextIO | None:
    """Return the stream behind a `Writer`, since the console cleans by itself; None if it is closed."""
    return stream.stream if isinstance(stream, Writer) else cast("TextIO | None", stream)


def _accept_any_letter(stream: TextIO) -> None:
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors=_ERRORS)


def _replacement(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    return _REPLACEMENTS.get(letter) or letter.encode("ascii", "backslashreplace").decode(), error.start + 1


codecs.register_error(_ERRORS, _replacement)
