"""What people can do about budgets, by the name that buttons, titles of forms and answers share."""

SET_BUDGET = "Set a budget"
RAISE_LIMIT = "Raise limit"
_ASK_FOR_MORE, _ASK_FOR_BUDGET = "Ask for a higher limit", "Ask for a budget"


def request_label(*, has_limit: bool) -> str:
    """Return what a member does who asks operators for a limit of their own."""
    return _ASK_FOR_MORE if has_limit else _ASK_FOR_BUDGET
