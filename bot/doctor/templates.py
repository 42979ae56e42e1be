"""The checks of templates: each of the operator's own is tried with long and hostile values, and shown to Slack."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from jinja2 import TemplateError

from bot.database.chunks import chunks
from bot.doctor.check import Check, failure, ok, warning
from bot.domain.formatting import count
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.blocks import section
from bot.slack.errors import SlackError
from bot.slack.template_trial import trials
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace

_BLOCKS = 50  # that Slack looks at together
_REINSTALL = "Install neo-usage again."
_COMPARE = "Compare it with the shipped one. Until it works, the shipped one is used."


def template_checks(settings: Settings, directory: Path | None = None) -> Iterator[Check]:
    """Yield a failure if a shipped template cannot be used, since the installation is damaged then.

    Otherwise yield a warning for each own one that cannot, or that uses a value which the shipped one does not.
    `directory` is where the shipped ones are, if not in their usual place.
    """
    if (damage := _damage(directory or shipped("templates"))) is not None:
        yield damage
    elif settings.templates_dir is not None:
        yield from _own_checks(settings.templates_dir)


def _damage(directory: Path) -> Check | None:
    try:
        count_of_shipped = Templates(directory).compile_all()
    except (OSError, TemplateError, UnicodeError) as error:
        return failure("templates", f"a shipped one can't be used: {error}", _REINSTALL)
    return None if count_of_shipped else failure("templates", "the shipped ones are missing", _REINSTALL)


def _own_checks(own: Path) -> Iterator[Check]:
    templates = _templates(own)
    templates.prepare()
    broken = dict(templates.broken or {})
    unknown: dict[str, list[str]] = {}
    for trial in trials(templates):
        if trial.failure:
            broken.setdefault(f"{trial.template}.txt", trial.failure)
        if trial.unknown:
            unknown[f"{trial.template}.txt"] = trial.unknown
    for file, why in sorted(broken.items()):
        yield warning("templates", f"{file} can't be used: {why}", _COMPARE)
    for file, names in sorted(unknown.items()):
        finding = f"{file} uses {', '.join(names)}, which the shipped one doesn't use"
        yield warning("templates", finding, "If the message has no such value, the shipped one is used.")
    if not broken and not unknown:
        yield ok("templates", f"{count(len(templates.own_names()), 'own template')} can be used")


async def validation_checks(settings: Settings, slack: Workspace) -> AsyncIterator[Check]:
    """Have Slack look at the longest text of each own template, and yield a warning for each that it would refuse."""
    if settings.templates_dir is None:
        return
    tried = [trial for trial in trials(_templates(settings.templates_dir)) if trial.text]
    try:
        for some in chunks(tried, _BLOCKS):
            problems = await slack.messages.block_problems([section(trial.text) for trial in some])
            for place, why in (problems or {}).items():
                yield warning("templates", f"Slack would refuse {some[place].template}.txt: {why}", _COMPARE)
    except SlackError as error:
        yield warning("templates", f"Slack couldn't look at them ({error})")


def _templates(own: Path) -> Templates:
    return Templates(shipped("templates"), own)
