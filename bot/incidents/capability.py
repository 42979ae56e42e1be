"""The capability of incidents: notifies operators once a day of what is wrong with the bot itself."""

from functools import partial

from bot.capability import After, Capability, Context, Timer, Upkeep
from bot.database.place import free_bytes
from bot.domain.visibility import Privacy
from bot.incidents import restore, store
from bot.incidents.checks import current_incidents
from bot.incidents.events import build_event
from bot.incidents.keys import IncidentEventKey, IncidentKey, IncidentTopic, RecoveredKey
from bot.incidents.monitor import IncidentMonitor
from bot.incidents.render import IncidentRenderer
from bot.people.member_names import MemberNames


def incidents(context: Context) -> Capability:
    """Return the capability."""
    renderer = IncidentRenderer(context.database, context.templates, context.settings.timezone, context.clock)
    triggers = frozenset({After.SYNC, After.CONNECTION_CHANGE})
    return Capability(
        "incidents",
        keys=(IncidentKey, RecoveredKey, IncidentTopic, IncidentEventKey),
        event_renderers={IncidentKey.kind: renderer.render_event},
        topic_renderers={IncidentTopic.kind: renderer.render_current},
        event_builders={IncidentEventKey.kind: build_event},
        timers=[Timer("incidents", 60, partial(_record, context), after=triggers)],
        upkeep=Upkeep(
            adopt=lambda connection, former, _now: restore.adopt(connection, former),
            prune={"incidents": store.prune},
            erase_person=lambda connection, person, _now: store.erase_person(connection, person),
            export_person=store.exported_incidents,
        ),
    )


async def _record(context: Context) -> None:
    """Record what is wrong now, and what no longer is."""
    now, incident_monitor = context.clock(), IncidentMonitor(context.settings.timezone)
    free = free_bytes(context.settings.database)
    broken, refusal = context.templates.broken, context.connection.refusal
    backs_up, names = context.settings.backup_dir is not None, _member_names(context)
    wrong = await context.database.read(
        lambda connection: current_incidents(connection, free, broken, now, refusal, backs_up=backs_up, names=names)
    )
    if await context.database.read(lambda connection: incident_monitor.due(connection, wrong, now)):
        await context.database.write(lambda connection: incident_monitor.apply_due(connection, wrong, now))


def _member_names(context: Context) -> MemberNames:
    """Return what incidents call members: a channel of the settings may read of them."""
    if context.settings.alert_privacy is Privacy.NAMED:
        return context.people.names
    return lambda _, emails: dict.fromkeys(emails, "a member")
