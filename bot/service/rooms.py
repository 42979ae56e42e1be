"""The rooms, wired to one workspace: which word and which button leads where."""

from dataclasses import dataclass
from datetime import timedelta

from bot.app import App
from bot.budgets import form
from bot.budgets.command import BUTTONS, Budgets
from bot.budgets.explaining import Explaining
from bot.budgets.message import Voice
from bot.budgets.wishes import WishVoice
from bot.digest.command import Digesting
from bot.digest.job import Digests
from bot.digest.message import Voice as DigestVoice
from bot.failures import command as failing
from bot.failures import form as silencing
from bot.failures.message import Terms as FailureTerms
from bot.failures.message import Voice as FailureVoice
from bot.home.facts import Terms as HomeTerms
from bot.home.message import ACT
from bot.home.room import Home
from bot.incidents.message import Voice as IncidentVoice
from bot.ledger.database import Database
from bot.ledger.readers import Readers
from bot.outbox.delivery import Delivery
from bot.outbox.office import PostOffice
from bot.outbox.rules import QuietHours
from bot.outbox.voices import Voices, Worded
from bot.people.addresses import Addresses, Channels
from bot.people.callers import Callers
from bot.people.command import Links
from bot.people.directory import Directory
from bot.service.desk import Desk
from bot.shipped import shipped
from bot.slack.rendering import Words
from bot.slack.workspace import Account, Workspace
from bot.spikes.message import Voice as SpikeVoice
from bot.sync.keeper import Keeper
from bot.usage.command import ACTIONS, Usage
from bot.usage.source import Source
from bot.usage.talk import Talk
from bot.usage.welcome import Welcome

COMMANDS = (
    "help",
    "status",
    "link",
    "budget",
    "threshold",
    "budgets",
    "snooze",
    "errors",
    "notify",
    "digest",
    "explain",
)


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a connected service needs of its rooms."""

    desk: Desk
    directory: Directory
    welcome: Welcome
    outbox: PostOffice
    digests: Digests
    home: Home
    addresses: Addresses


def rooms(  # noqa: PLR0917 - what there is to wire
    app: App, database: Database, readers: Readers, keeper: Keeper, workspace: Workspace, who: Account
) -> Rooms:
    """Wire the rooms."""
    settings, words = app.settings, Words(shipped("templates"), app.settings.templates_dir)
    directory = Directory(workspace, who, app.clock)
    callers = Callers(directory, readers, settings.admins)
    poll = timedelta(seconds=settings.poll_seconds)
    source = Source(readers, callers, keeper, app.terms, 2 * poll, app.clock)
    usage = Usage(source, workspace, words, settings.show_titles, database, COMMANDS)
    talk = Talk(source, words, settings.database_path, settings.admins)
    links = Links(database, readers, words, app.clock)
    budgets = Budgets(database, readers, callers, workspace, words, app.watch, app.clock)
    terms = FailureTerms(
        settings.timezone, settings.spend_basis, settings.show_titles, settings.alert_privacy,
        settings.neo_task_url_template, settings.failure_statuses,
    )  # fmt: skip
    failures = failing.Failures(database, readers, callers, workspace, words, terms, app.clock)
    home = Home(
        database, readers, callers, workspace, words, source, budgets, failures,
        HomeTerms(app.terms, app.watch.terms), app.clock,
    )  # fmt: skip
    desk = Desk(
        callers,
        words,
        commands={
            "help": talk.help,
            "status": talk.status,
            "link": links.link,
            "budget": budgets.budget,
            "threshold": budgets.budget,
            "budgets": budgets.budgets,
            "snooze": budgets.snooze,
            "errors": failures.errors,
            "notify": failures.notify,
            "digest": Digesting(readers, words, app.digests, app.digest_terms, app.clock).digest,
            "explain": Explaining(readers, callers, app.watch.terms, app.clock).explain,
        },
        buttons=(
            dict.fromkeys(ACTIONS, usage.press)
            | dict.fromkeys(BUTTONS, budgets.press)
            | dict.fromkeys(failing.BUTTONS, failures.press)
            | {ACT: home.press}
        ),
        question=usage.ask,
        home=home.open,
        checks=dict.fromkeys((form.SET, form.REQUEST), budgets.check) | {silencing.FORM: failures.check},
    )
    addresses = Addresses(
        callers, workspace, Channels(settings.alert_channel, settings.ops_channel, settings.alert_privacy)
    )
    voice = Voice(readers, addresses, words, app.watch.terms, settings.show_titles, app.clock)
    wishes = WishVoice(readers, words, app.watch.terms, app.clock)
    welcome = Welcome(source, callers, database, words, poll)
    incidents = IncidentVoice(readers, words, settings.timezone)
    says: dict[str, Worded] = dict.fromkeys(("crossing", "limit", "summary"), voice.say)
    says |= {"decided": wishes.say, "welcome": welcome.say, "ops": incidents.say}
    failed = FailureVoice(readers, words, terms, app.clock)
    says |= dict.fromkeys(("failure", "failures"), failed.say)
    says["spike"] = SpikeVoice(readers, words, app.unusual, settings.alert_privacy).say
    digest = DigestVoice(readers, words, app.digests, app.digest_terms, settings.alert_privacy, app.clock)
    shows = {"budget": voice.show, "request": wishes.show, "failures": failed.show, "digest": digest.show}
    shows["incident"] = incidents.show
    voices = Voices(says, shows, words)
    delivery = Delivery(database, readers, workspace, voices, app.clock, app.times)
    quiet = QuietHours(*settings.quiet_hours) if settings.quiet_hours else None
    outbox = PostOffice(delivery, addresses, settings.timezone, quiet)
    digests = Digests(settings.digest_channel, app.digests, addresses, readers, database, app.clock)
    return Rooms(desk, directory, welcome, outbox, digests, home, addresses)
