"""Statements made of parts: column names, conditions and lists of placeholders. Values are bound, never put in."""


def compose(template: str, **parts: str) -> str:
    """Return `template` with the parts of SQL in place of their names in braces.

    A part is text of this program or a key that the database gave; whatever comes from elsewhere is bound as a value.
    """
    return template.format_map(parts)
