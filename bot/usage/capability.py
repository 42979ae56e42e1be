"""The capability of usage: questions about spend, help, status, and the welcome of a new installation."""

from datetime import timedelta

from bot.capability import After, Capability, Context, Stage, Timer, Upkeep
from bot.outbox.key_mapping import KeyMapping, unchanged_key
from bot.outbox.pruning import RetainedKeys
from bot.usage.answers import Answers
from bot.usage.csv_sender import CsvSender
from bot.usage.help import HelpCommands
from bot.usage.keys import AskAction, CsvAction, HelpAction, ShareAction, WelcomeKey
from bot.usage.questions import QuestionHandlers
from bot.usage.report import ReportPolicy
from bot.usage.status_commands import StatusCommands
from bot.usage.welcome import ChannelPosts, Welcome


def answers(context: Context) -> Answers:
    """Return what answers questions; App Home uses it too."""
    stale_after = timedelta(seconds=2 * context.settings.poll_seconds)
    policy = ReportPolicy.from_settings(context.settings)
    return Answers(context.database, context.people, context.scheduler, policy, stale_after, context.clock)


def usage(context: Context) -> Capability:
    """Return the capability."""
    settings, answering = context.settings, answers(context)
    csv = CsvSender(answering, context.workspace, context.templates)
    questions = QuestionHandlers(
        answering, context.workspace, context.templates, settings.show_titles, csv, context.last_questions
    )
    help_commands = HelpCommands(context.templates, answering.policy, context.clock)
    status_commands = StatusCommands(answering, context.templates, settings.admins)
    poll = timedelta(seconds=settings.poll_seconds)
    welcome = Welcome(
        answering, context.people, context.database, context.templates, poll, ChannelPosts.from_settings(settings)
    )
    return Capability(
        "usage",
        keys=(WelcomeKey, AskAction, ShareAction, CsvAction, HelpAction),
        commands={
            "help": help_commands.help,
            "status": status_commands.status,
            "courtesy": help_commands.answer_courtesy,  # what everyday thanks come to
        },
        says_how_understood={"help", "courtesy"},
        actions={
            AskAction.kind: questions.answer_button,
            ShareAction.kind: questions.share,
            CsvAction.kind: questions.send_csv,
            HelpAction.kind: help_commands.press,
        },
        event_renderers={WelcomeKey.kind: welcome.render_event},
        timers=[Timer("welcome", None, welcome.enqueue_when_read, frozenset({After.SYNC}), Stage.CONNECTED)],
        upkeep=Upkeep(
            adopt=lambda _connection, _former, _now: KeyMapping({WelcomeKey.kind: unchanged_key}, {}),
            retained=lambda _reader: RetainedKeys(keys=[WelcomeKey()]),
        ),
        question=questions.ask,
    )
