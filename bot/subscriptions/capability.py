"""The capability of subscriptions: answers posted on a schedule."""

from bot.capability import Capability, Context, Stage, Timer, Upkeep
from bot.outbox.rules import QuietHours
from bot.subscriptions import restore, store
from bot.subscriptions.answering import SubscriptionAnswers
from bot.subscriptions.commands import SubscriptionCommands
from bot.subscriptions.job import SubscriptionJob
from bot.subscriptions.keys import RemoveAction, StopAction, SubscriptionEndedKey, SubscriptionKey
from bot.subscriptions.person import erase_subscriptions, exported_subscriptions
from bot.subscriptions.render import SubscriptionFacts, SubscriptionList, SubscriptionRenderer
from bot.subscriptions.requests import SubscriptionRequests
from bot.usage.capability import answers

_MAX_WAIT = 1.0  # seconds that the other timers wait for a look-up of a person or channel


def subscription_requests(context: Context) -> SubscriptionRequests:
    """Return what makes and ends subscriptions; the terminal uses it too."""
    answering = SubscriptionAnswers(answers(context), context.settings.alert_privacy)
    return SubscriptionRequests(context.database, answering, context.workspace, context.clock)


def subscriptions(context: Context) -> Capability:
    """Return the capability."""
    zone, requests = context.settings.timezone, subscription_requests(context)
    facts = SubscriptionFacts(context.people)
    listing = SubscriptionList(context.templates, facts, zone)
    commands = SubscriptionCommands(
        context.database, context.templates, requests, listing, facts, context.last_questions, context.clock
    )
    job = SubscriptionJob(context.database, requests.answering, requests, context.workspace, zone, context.clock)
    renderer = SubscriptionRenderer(
        context.database,
        context.people,
        context.templates,
        requests.answering,
        requests,
        facts,
        context.settings.show_titles,
        QuietHours.from_settings(context.settings),
        zone,
        context.clock,
    )
    return Capability(
        "subscriptions",
        keys=(SubscriptionKey, SubscriptionEndedKey, RemoveAction, StopAction),
        commands={
            "subscribe": commands.subscribe,
            "subscriptions": commands.list,
            "unsubscribe": commands.unsubscribe,
            "reschedule": commands.reschedule,
        },
        says_how_understood={"subscribe", "reschedule"},
        actions={RemoveAction.kind: commands.remove, StopAction.kind: commands.stop},
        event_renderers={
            SubscriptionKey.kind: renderer.render_answer,
            SubscriptionEndedKey.kind: renderer.render_end,
        },
        timers=[Timer("subscriptions", 1, job.tick, stage=Stage.READY, max_wait=_MAX_WAIT, begin=job.begin)],
        upkeep=Upkeep(
            adopt=restore.adopt,
            prune={"subscriptions": store.prune},
            erase_person=erase_subscriptions,
            export_person=exported_subscriptions,
        ),
    )
