"""Errors of settings: one value that cannot be used, and all problems of an environment at once."""


class InvalidValueError(ValueError):
    """A value of one setting that cannot be used; the message says why, and what to write instead."""


class SettingsError(Exception):
    """The environment cannot be used as it is; `problems` has a line for each setting, which says what to do."""

    HEADING = "correct these settings:"
    HEADING_OF_ONE = "correct this setting:"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join([self.HEADING, *(f"  {each}" for each in problems)]))
        self.problems = problems
