"""Secrets from files: `NAME_FILE` names the file that holds the value of the setting `NAME`."""

from pathlib import Path

from bot.settings.errors import InvalidValueError

_MOST_BYTES = 65_536
_GIVE = "Give the path of a file that holds the value alone."


def secret_text(path: str) -> str:
    """Return what a file holds, without the line break at its end; an empty text for an empty path.

    Links are followed. No error quotes the path, which may be the secret itself by mistake.

    Raises:
        InvalidValueError: the file can't be read, or holds nothing, too much, or no text.
    """
    if not path:
        return ""
    try:
        text = _content(Path(path)).decode("utf-8-sig").rstrip("\r\n")
    except FileNotFoundError:
        raise InvalidValueError(f"there is no such file. {_GIVE}") from None
    except OSError as error:
        raise InvalidValueError(f"the file can't be read ({error.strerror}). Let the bot's user read it.") from None
    except UnicodeError:  # its message would quote the content
        raise InvalidValueError(f"it isn't a file of UTF-8 text. {_GIVE}") from None
    if not text.strip():
        raise InvalidValueError("the file is empty. Write the value into it.")
    return text


def _content(path: Path) -> bytes:
    """Return the content of a regular file. Raises InvalidValueError if it is none (reading a pipe would wait)."""
    if path.exists() and not path.is_file():
        raise InvalidValueError(f"it isn't a regular file. {_GIVE}")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise InvalidValueError(f"the file has more than {_MOST_BYTES:,} bytes. {_GIVE}")
    return content
