"""What a benchmark yields: a figure beside the limit it must keep; and the sizes it runs at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure, in `unit`, and its limit: a most, or (`at_least`) a least. `note` says what lies behind it.

    Where the machine cannot show whether the limit is kept, the figure is not `judged`.
    """

    name: str
    figure: float
    limit: float
    unit: str = "x"
    at_least: bool = False
    note: str = ""
    judged: bool = True

    @property
    def kept(self) -> bool:
        """Whether the figure is within its limit, or not judged."""
        within = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return within or not self.judged

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Name, figure, limit, verdict and note, as shown."""
        sign = "≥" if self.at_least else "≤"
        verdict = ("ok" if self.kept else "MISSED") if self.judged else "not judged"
        return self.name, _shown(self.figure, self.unit), f"{sign} {_shown(self.limit, self.unit)}", verdict, self.note


class Benchmark(Protocol):
    """Measures, at full size or quickly, and yields the bars as they are known."""

    def __call__(self, *, quick: bool) -> Iterator[Bar]:
        """The bars."""
        ...


def _shown(value: float, unit: str) -> str:
    return f"{value:.2f}x" if unit == "x" else f"{value:.3g} {unit}"
