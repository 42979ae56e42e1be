"""The trial of own templates: each is rendered with stand-ins for its values, none and several, short and long."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import TemplateError

from bot.slack.templates import Templates

_LONG = "<!channel> *~`ana@example.com`~* " + "x" * 200


class StandIn:
    """A value of any kind: a text, a number and a list of so many items, each part of which is such a value."""

    def __init__(self, text: str, items: int) -> None:
        self._text, self._items = text, items

    def __str__(self) -> str:
        return self._text

    def __getattr__(self, name: str) -> "StandIn":
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: object) -> "StandIn":
        return self

    def __call__(self, *_arguments: object, **_named: object) -> "StandIn":
        """Return itself, as what each of its methods returns."""
        return self

    def __iter__(self) -> Iterator["StandIn"]:
        return iter([self] * self._items)

    def __len__(self) -> int:
        return self._items

    def __int__(self) -> int:
        return self._items

    __index__ = __int__

    def __float__(self) -> float:
        return float(self._items)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return other == (self._items if isinstance(other, int | float) else self._text)

    def __lt__(self, other: object) -> bool:
        return self._items < other if isinstance(other, int | float) else self._text < str(other)

    def __gt__(self, other: object) -> bool:
        return self._items > other if isinstance(other, int | float) else self._text > str(other)

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    def __add__(self, other: object) -> object:
        return self._items + other if isinstance(other, int | float) else self._text + str(other)

    def __radd__(self, other: object) -> object:
        return self + other if isinstance(other, int | float) else str(other) + self._text

    def __sub__(self, other: object) -> object:
        return self._items - (other if isinstance(other, int | float) else 0)

    def __rsub__(self, other: object) -> object:
        return (other if isinstance(other, int | float) else 0) - self._items

    def __mul__(self, other: object) -> object:
        return self._items * (other if isinstance(other, int | float) else 1)

    __rmul__ = __mul__


_VALUES = (StandIn("", 0), StandIn("x", 1), StandIn("x", 2), StandIn(_LONG, 3), _LONG)


@dataclass(slots=True)
class Trial:
    """What came of an own template: why it fails, unknown values that it uses, and its longest text."""

    template: str
    failure: str = ""
    unknown: list[str] = field(default_factory=list)
    text: str = ""


def trials(templates: Templates) -> Iterator[Trial]:
    """Yield the trial of each own template.

    The shipped template shows which stand-ins suit: an own one fails if it fails with each of those.
    """
    for name in templates.own_names():
        try:
            known, used = templates.value_names(name)
        except TemplateError:  # which `Templates.broken` reports
            continue
        trial = Trial(name, unknown=sorted(used - known))
        _try(templates, trial, known | used)
        yield trial


def _try(templates: Templates, trial: Trial, names: frozenset[str]) -> None:
    failures: list[str] = []
    for value in _VALUES:
        values = dict.fromkeys(names, value)
        try:
            shipped = templates.try_shipped(trial.template, values)
        except Exception:  # noqa: BLE001, S112 - a stand-in that does not suit
            continue
        try:
            found = templates.try_own(trial.template, values)
        except Exception as error:  # noqa: BLE001 - an operator's file may do anything
            failures.append(str(error))
            continue
        if found or not shipped:
            trial.text = max(trial.text, found, key=len)
        else:
            failures.append("it says nothing")
    trial.failure = failures[0] if failures and not trial.text else ""
