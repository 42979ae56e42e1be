"""Reading the settings from the environment and `.env`, with every problem found named at once."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.settings.database_place import DATABASE_URL, DatabasePlace, database_place
from bot.settings.errors import InvalidValueError, SettingsError
from bot.settings.model import Settings
from bot.settings.variables import NAMES, VARIABLES
from bot.settings.webhook import MAKE_SECRET

DOTENV = ".env"


def load(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Return the settings of the environment; what it does not set comes from `.env` in the directory.

    Raises SettingsError with every problem found.
    """
    variables = os.environ if environment is None else environment
    texts = dict(_dotenv_values(directory or Path.cwd()))
    texts.update((name, value) for name, value in variables.items() if value.strip())
    fields, problems = _parse(texts)
    problems = [*_misspelt_names(variables), *problems, *_conflicts(fields)]
    if problems:
        raise SettingsError(problems)
    return Settings(**fields)


def load_place(environment: Mapping[str, str] | None = None) -> DatabasePlace:
    """Return the place of the ledger that the environment names, whatever else it or `.env` holds.

    Raises SettingsError if it cannot be used.
    """
    text = (os.environ if environment is None else environment).get("DATABASE_URL", "").strip()
    try:
        return database_place(text or DATABASE_URL)
    except InvalidValueError as error:
        raise SettingsError([f"DATABASE_URL: {error}"]) from None


def _dotenv_values(directory: Path) -> Iterator[tuple[str, str]]:
    path = directory / DOTENV
    if path.is_file():
        from dotenv import dotenv_values

        try:
            values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")  # a `$` is one
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f".env: it cannot be read ({error}). Save it as UTF-8 text."]) from None
        yield from ((name, value) for name, value in values.items() if value is not None)


def _parse(texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of Settings that can be used, and a problem for each variable that cannot."""
    fields: dict[str, Any] = {}
    problems = []
    for variable in VARIABLES:
        try:
            fields[variable.field] = variable.parse(texts.get(variable.name, ""))
        except InvalidValueError as error:
            problems.append(f"{variable.name}: {error}")
    return fields, problems


def _misspelt_names(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield a problem for each name that an env file made of one of ours, so that its value is not used."""
    for name in variables:
        right = name.strip().removeprefix("export ").strip()
        if right in NAMES and name != right:
            yield f"{right}: it came as `{name}`, which nobody reads. Write {right}=VALUE, without `export` or spaces."


def _conflicts(fields: Mapping[str, Any]) -> Iterator[str]:
    if fields.get("neo_api_key") and fields.get("neo_bearer_token"):
        yield "NEO_API_KEY and NEO_BEARER_TOKEN: both are set. Keep one of them."
    if fields.get("webhook_url") and "webhook_secret" in fields and not fields["webhook_secret"]:
        yield f"WEBHOOK_URL: it needs WEBHOOK_SECRET, which isn't set. {MAKE_SECRET}"
