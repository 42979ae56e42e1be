"""The rooms, wired to one workspace: which word and which button leads where."""

from dataclasses import dataclass
from datetime import timedelta

from bot.app import App
from bot.budgets import forms
from bot.budgets.commands import BUTTONS, BudgetCommands
from bot.budgets.explain_command import ExplainCommand
from bot.budgets.render import BudgetRenderer
from bot.budgets.request_render import BudgetRequestRenderer
from bot.database.engine import Database
from bot.digest.commands import DigestCommands
from bot.digest.job import DigestJob
from bot.digest.render import DigestRenderer
from bot.failures import commands
from bot.failures import forms as silencing
from bot.failures.render import FailurePolicy, FailureRenderer
from bot.home.facts import HomePolicy
from bot.home.home import HomeTab
from bot.home.render import ACT
from bot.incidents.render import IncidentRenderer
from bot.outbox.delivery import Delivery
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.renderers import Renderer, Renderers
from bot.outbox.rules import QuietHours
from bot.people.commands import LinkCommands
from bot.people.destinations import ConfiguredChannels, DestinationResolver
from bot.people.directory import Directory
from bot.people.people import People
from bot.service.router import Router
from bot.shipped import shipped
from bot.slack.templates import Templates
from bot.slack.workspace import Account, Workspace
from bot.spikes.render import SpikeRenderer
from bot.sync.scheduler import SyncScheduler
from bot.usage.answers import Answers
from bot.usage.commands import ACTIONS, UsageCommands
from bot.usage.help import HelpCommands
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

    desk: Router
    directory: Directory
    welcome: Welcome
    outbox: Dispatcher
    digests: DigestJob
    home: HomeTab
    addresses: DestinationResolver


def rooms(app: App, database: Database, scheduler: SyncScheduler, workspace: Workspace, who: Account) -> Rooms:
    """Wire the rooms."""
    settings, words = app.settings, Templates(shipped("templates"), app.settings.templates_dir)
    directory = Directory(workspace, who, app.clock)
    people = People(directory, database, settings.admins)
    poll = timedelta(seconds=settings.poll_seconds)
    source = Answers(database, people, scheduler, app.policy, 2 * poll, app.clock)
    usage = UsageCommands(source, workspace, words, settings.show_titles, database, COMMANDS)
    talk = HelpCommands(source, words, settings.database_path, settings.admins)
    links = LinkCommands(database, words, app.clock)
    budgets = BudgetCommands(database, people, workspace, words, app.watch, app.clock)
    policy = FailurePolicy(
        settings.timezone, settings.spend_basis, settings.show_titles, settings.alert_privacy,
        settings.neo_task_url_template, settings.failure_statuses,
    )  # fmt: skip
    failures = commands.FailureCommands(database, people, workspace, words, policy, app.clock)
    home = HomeTab(
        database, people, workspace, words, source, budgets, failures,
        HomePolicy(app.policy, app.watch.policy), app.clock,
    )  # fmt: skip
    desk = Router(
        people,
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
            "digest": DigestCommands(database, words, app.digests, app.digest_terms, app.clock).digest,
            "explain": ExplainCommand(database, people, app.watch.policy, app.clock).explain,
        },
        buttons=(
            dict.fromkeys(ACTIONS, usage.press)
            | dict.fromkeys(BUTTONS, budgets.press)
            | dict.fromkeys(commands.BUTTONS, failures.press)
            | {ACT: home.press}
        ),
        question=usage.ask,
        home=home.open,
        checks=dict.fromkeys((forms.SET, forms.REQUEST), budgets.check) | {silencing.FORM: failures.check},
    )
    addresses = DestinationResolver(
        people, workspace, ConfiguredChannels(settings.alert_channel, settings.ops_channel, settings.alert_privacy)
    )
    voice = BudgetRenderer(database, addresses, words, app.watch.policy, settings.show_titles, app.clock)
    wishes = BudgetRequestRenderer(database, words, app.watch.policy, app.clock)
    welcome = Welcome(source, people, database, words, poll)
    incidents = IncidentRenderer(database, words, settings.timezone)
    says: dict[str, Renderer] = dict.fromkeys(("crossing", "limit", "summary"), voice.say)
    says |= {"decided": wishes.say, "welcome": welcome.say, "ops": incidents.say}
    failed = FailureRenderer(database, words, policy, app.clock)
    says |= dict.fromkeys(("failure", "failures"), failed.say)
    says["spike"] = SpikeRenderer(database, words, app.unusual, settings.alert_privacy).say
    digest = DigestRenderer(database, words, app.digests, app.digest_terms, settings.alert_privacy, app.clock)
    shows = {"budget": voice.show, "request": wishes.show, "failures": failed.show, "digest": digest.show}
    shows["incident"] = incidents.show
    renderers = Renderers(says, shows, words)
    delivery = Delivery(database, workspace, renderers, app.clock, app.times)
    quiet = QuietHours(*settings.quiet_hours) if settings.quiet_hours else None
    outbox = Dispatcher(delivery, addresses, settings.timezone, quiet)
    digests = DigestJob(settings.digest_channel, app.digests, addresses, database, app.clock)
    return Rooms(desk, directory, welcome, outbox, digests, home, addresses)
