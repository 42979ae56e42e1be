"""The way out to standard output: what becomes of it when the reader has left."""

import io

from bot.terminal.streams import Writer


class _Pipe(io.TextIOWrapper):
    """A pipe; `has_reader` says whether somebody still reads it."""

    has_reader = True

    def flush(self) -> None:
        if not self.has_reader:
            raise BrokenPipeError
        super().flush()


def test_a_writer_that_ends_writes_nothing_more_and_leaves_the_stream_open() -> None:
    pipe = _Pipe(io.BytesIO(), encoding="ascii")
    pipe.has_reader = False
    Writer(pipe).close()  # as Python does with one that nobody uses any more; from 3.13 on, it says what that raises
    pipe.has_reader = True
    assert not pipe.closed
