"""Reading the settings from the environment and `.env`, with every problem found named at once."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.settings.database_place import DatabasePlace
from bot.settings.errors import InvalidValueError, SettingsError
from bot.settings.model import LogFormat, Settings
from bot.settings.variables import FILE_NAMES, NAMES, VARIABLES, Variable
from bot.settings.webhook import MAKE_SECRET

DOTENV = ".env"


def load(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Return the settings of the environment; what it does not set comes from `.env` in the directory.

    Raises SettingsError with every problem found.
    """
    variables = os.environ if environment is None else environment
    fields, problems = _parse(given_texts(environment, directory), VARIABLES)
    problems = [*_misspelt_names(variables), *problems, *_conflicts(fields)]
    if problems:
        raise SettingsError(problems)
    return Settings(**fields)


def load_place(environment: Mapping[str, str] | None = None) -> DatabasePlace:
    """Return the place of the ledger that the environment names, whatever else it or `.env` holds.

    Raises SettingsError if it cannot be used.
    """
    variables = os.environ if environment is None else environment
    fields, problems = _parse(variables, [each for each in VARIABLES if each.name == "DATABASE_URL"])
    if problems:
        raise SettingsError(problems)
    place: DatabasePlace = fields["database"]
    return place


def load_log_format(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> LogFormat:
    """Return the format of the log, whatever else the settings hold; the default one if it cannot be read."""
    try:
        texts = given_texts(environment, directory)
    except SettingsError:
        return LogFormat.CONSOLE
    fields, _ = _parse(texts, [each for each in VARIABLES if each.name == "LOG_FORMAT"])
    return LogFormat(fields.get("log_format", LogFormat.CONSOLE))


def given_texts(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> dict[str, str]:
    """Return the texts of the variables that are set in the environment, and of `.env` for the others.

    Raises SettingsError if `.env` cannot be read.
    """
    variables = os.environ if environment is None else environment
    dotenv = dict(_dotenv_values(directory or Path.cwd()))
    return {**dotenv, **{name: text for name, text in variables.items() if text.strip()}}


def _dotenv_values(directory: Path) -> Iterator[tuple[str, str]]:
    path = directory / DOTENV
    if _is_file(path):
        from dotenv import dotenv_values

        try:
            values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")  # a `$` is one
        except OSError as error:
            problem = f".env: it can't be read ({error.strerror}). Give the file to the bot's user: {path.resolve()}"
            raise SettingsError([problem]) from None
        except UnicodeDecodeError as error:
            raise SettingsError([f".env: it can't be read ({error}). Save it as UTF-8 text."]) from None
        yield from ((name, value) for name, value in values.items() if value is not None)


def _is_file(path: Path) -> bool:
    """Return whether there is such a file. Raises SettingsError if that can't be seen by this user."""
    try:
        return stat.S_ISREG(path.stat().st_mode)  # `is_file` hides this error in Python 3.14
    except PermissionError:
        what = f".env: the bot's user may not look into {path.resolve().parent}."
        raise SettingsError([f"{what} Give it that directory, or run it in one of its own."]) from None
    except OSError:
        return False


def _parse(texts: Mapping[str, str], variables: Iterable[Variable]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of Settings that can be used, and a problem for each variable that cannot."""
    fields: dict[str, Any] = {}
    problems = []
    for variable in variables:
        try:
            fields[variable.field] = variable.read(texts)
        except InvalidValueError as error:
            problems.append(f"{variable.source(texts)}: {error}")
    return fields, problems


def _misspelt_names(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield a problem for each name that an env file made of one of ours, so that its value is not used."""
    for name in variables:
        right = name.strip().removeprefix("export ").strip()
        if right in {*NAMES, *FILE_NAMES} and name != right:
            yield f"{right}: it came as `{name}`, which nobody reads. Write {right}=VALUE, without `export` or spaces."


def _conflicts(fields: Mapping[str, Any]) -> Iterator[str]:
    if fields.get("neo_api_key") and fields.get("neo_bearer_token"):
        yield "NEO_API_KEY and NEO_BEARER_TOKEN: both are set. Keep one of them."
    if fields.get("metrics_port") and _listening(fields, "metrics") == _listening(fields, "http"):
        yield "METRICS_PORT: it is HTTP_PORT, too. Choose another one."
    if fields.get("webhook_url") and "webhook_secret" in fields and not fields["webhook_secret"]:
        yield f"WEBHOOK_URL: it needs WEBHOOK_SECRET, which isn't set. {MAKE_SECRET}"


def _listening(fields: Mapping[str, Any], what: str) -> tuple[object, object]:
    return fields.get(f"{what}_host"), fields.get(f"{what}_port")
