"""The error of a file that cannot be applied."""

from collections.abc import Sequence


class BudgetFileError(Exception):
    """A file of budgets cannot be applied; `problems` has a line for each, which says what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
