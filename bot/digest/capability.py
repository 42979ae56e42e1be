"""The capability of the digest: one post a channel and local date about the day before."""

from bot.capability import Capability, Context, Stage, Timer, Upkeep
from bot.digest import restore, store
from bot.digest.commands import DigestCommands
from bot.digest.events import DigestEvent
from bot.digest.job import DigestJob
from bot.digest.keys import DigestCompletedKey, DigestKey, DigestTopic
from bot.digest.planner import DigestPlanner
from bot.digest.policy import DigestPolicy
from bot.digest.render import DigestRenderer
from bot.digest.rules import DigestSchedule
from bot.outbox.destinations import WEBHOOK_CHANNEL
from bot.outbox.events import EventMembers
from bot.outbox.pruning import RetainedKeys

_MAX_WAIT = 1.0  # seconds that the other timers wait for a look-up of a channel


def digest(context: Context) -> Capability:
    """Return the capability."""
    settings = context.settings
    schedule, policy = DigestSchedule.from_settings(settings), DigestPolicy.from_settings(settings)
    commands = DigestCommands(
        context.database, context.people, context.templates, policy, context.clock, context.last_questions
    )
    planner = DigestPlanner(schedule)
    channels = settings.digest_channel if settings.webhook_url is None else (*settings.digest_channel, WEBHOOK_CHANNEL)
    event = DigestEvent(schedule, policy, EventMembers.from_settings(settings)).build
    job = DigestJob(channels, planner, context.destinations, context.database, context.clock)
    renderer = DigestRenderer(
        context.database, context.people, context.templates, schedule, policy, settings.alert_privacy, context.clock
    )
    return Capability(
        "digest",
        keys=(DigestKey, DigestCompletedKey, DigestTopic),
        commands={"digest": commands.digest},
        event_renderers={DigestKey.kind: renderer.render_event},
        topic_renderers={DigestTopic.kind: renderer.render_current},
        event_builders=dict.fromkeys((DigestKey.kind, DigestCompletedKey.kind), event),
        timers=[Timer("digest", 1, job.tick, stage=Stage.READY, max_wait=_MAX_WAIT, begin=job.begin)],
        upkeep=Upkeep(
            adopt=restore.adopt,
            retained=lambda connection: RetainedKeys(topics=store.last_topics(connection)),
            prune={"digests": store.prune},
        ),
    )
