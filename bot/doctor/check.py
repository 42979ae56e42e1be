"""A check: one line of what the doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and the mend if it is not well."""

    state: State
    what: str
    found: str
    mend: str = ""
