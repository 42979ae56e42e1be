"""Parsers of simple values: numbers, percentages, amounts, words of a list, a directory."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from bot.domain.money import AmountError, typed_nanos
from bot.domain.numbers import whole_number
from bot.settings.errors import InvalidValueError

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_MOST_PERCENT, _MOST_STEPS = 1_000, 20
_STATUS = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


def comma_separated(text: str) -> list[str]:
    """Return the parts of a text between commas that are not blank."""
    return [each.strip() for each in text.split(",") if each.strip()]


def budget_steps(text: str) -> tuple[int, ...]:
    """Return percentages in ascending order, each once."""
    percentages = comma_separated(text)
    for each in percentages:
        if whole_number(each, 1, _MOST_PERCENT) is None:
            raise InvalidValueError(
                f"`{each}` isn't a percentage from 1 to {_MOST_PERCENT:,}. Use for example 50,80,100."
            )
    if len(percentages) > _MOST_STEPS:
        raise InvalidValueError(f"that is {len(percentages)} steps. Give {_MOST_STEPS} at most, such as 50,80,100.")
    return tuple(sorted(set(map(int, percentages))))


def statuses(text: str) -> tuple[str, ...]:
    """Return statuses of tasks in lower case, each once, in their order."""
    names = comma_separated(text.lower())
    for each in names:
        if not _STATUS.fullmatch(each):
            raise InvalidValueError(f"`{each}` isn't a status. Use for example error,failed,blocked.")
    return tuple(dict.fromkeys(names))


def switch(text: str) -> bool:
    """Return whether the text is `on`; it must be `on` or `off`."""
    if text.lower() not in {"on", "off"}:
        raise InvalidValueError(f"`{text}` must be on or off.")
    return text.lower() == "on"


def amount(text: str) -> int:
    """Return the nanos of an amount such as $10."""
    try:
        return typed_nanos(text)
    except AmountError as error:
        raise InvalidValueError(str(error)) from None


def directory(text: str) -> Path | None:
    """Return the path of a directory that exists; None for an empty text."""
    if not text:
        return None
    path = _path(text)
    if not path.is_dir():
        raise InvalidValueError(f"`{text}` isn't a directory. Create it, or leave the setting out.")
    return path


def place_for_files(text: str) -> Path | None:
    """Return the path of a directory, which may be mounted later; None for an empty text."""
    return _path(text) if text else None


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InvalidValueError(f"`{text}` begins with `~`, but there is no such user. Write the whole path.") from None


def whole_number_parser(least: int, most: int, noun: str) -> Callable[[str], int]:
    """Return a parser of a whole number of something from `least` to `most`."""

    def parse(text: str) -> int:
        number = whole_number(text, least, most)
        if number is None:
            raise InvalidValueError(f"`{text}` is not a whole number of {noun} from {least:,} to {most:,}.")
        return number

    return parse


def port(text: str) -> int:
    """Return the number of a port."""
    number = whole_number(text, 0, 65_535)
    if number is None:
        raise InvalidValueError(f"`{text}` isn't a port, which is a whole number from 0 to 65,535.")
    return number


def unless_off(parser: Callable[[str], T]) -> Callable[[str], T]:
    """Return a parser of the same values, which takes `off` for an empty text."""
    return lambda text: parser("" if text.lower() == "off" else text)


def optional(parser: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a parser of the same values, which returns None for an empty text."""
    return lambda text: parser(text) if text else None


def choice_parser(choices: type[E]) -> Callable[[str], E | None]:
    """Return a parser of one of some words; it returns None for an empty text."""

    def parse(text: str) -> E | None:
        try:
            return choices(text.lower()) if text else None
        except ValueError as error:
            raise InvalidValueError(f"`{text}` isn't one of {', '.join(choices)}.") from error

    return parse
