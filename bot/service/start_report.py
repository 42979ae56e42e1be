"""What the log says of the settings when the service starts."""

import structlog

from bot.settings.environment import given_texts
from bot.settings.misspelt import misspelt_names
from bot.settings.model import Settings, likely_mistakes

log = structlog.get_logger(__name__)


def warn_of_settings(settings: Settings) -> None:
    """Log what in the settings, and in the names in the environment and `.env`, is probably not meant."""
    for name, meant in misspelt_names(given_texts()):
        log.warning("there is no such setting, so it is not used", found=name, did_you_mean=meant)
    for mistake, remedy in likely_mistakes(settings):
        log.warning("a setting may be a mistake", found=mistake, remedy=remedy)
