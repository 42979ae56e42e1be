"""How a command starts: the app with the settings of the environment, and where warnings go."""

from typing import TYPE_CHECKING

from bot.unused_objects import begin_the_search

if TYPE_CHECKING:
    from bot.app import App


def load_app() -> "App":
    """Return the app with the settings of the environment. Raises SettingsError if they are wrong."""
    from bot.app import build
    from bot.settings.environment import load

    app = build(load())
    begin_the_search()
    return app


def load_app_for_writing() -> "App":
    """Return the app for a command that writes to the ledger, whose log goes to standard error from warnings on."""
    log_warnings()
    return load_app()


def log_warnings() -> None:
    """Log warnings and errors as lines to standard error, without the values of local variables."""
    from bot.service.log import configure
    from bot.settings.model import LogFormat, LogLevel

    configure(LogLevel.WARNING, LogFormat.CONSOLE, _secrets())


def log_errors() -> None:
    """As `log_warnings`, but errors alone, for a command that reports by itself what the warnings say."""
    from bot.service.log import configure
    from bot.settings.model import LogFormat, LogLevel

    configure(LogLevel.ERROR, LogFormat.CONSOLE, _secrets())


def _secrets() -> tuple[str, ...]:
    """Return the secrets of the settings; none if the settings can't be used, which whoever needs them reports."""
    from bot.settings.environment import load
    from bot.settings.errors import SettingsError
    from bot.settings.secret_texts import secret_texts

    try:
        return tuple(secret_texts(load()))
    except SettingsError:
        return ()
