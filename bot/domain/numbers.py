"""Whole numbers as people type them."""


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return the whole number of a text of ASCII digits; None if it is anything else, or outside the two bounds."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if least <= number <= most else None
