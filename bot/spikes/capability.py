"""The capability of spikes: a message about a member's day that costs far more than their usual ones."""

from bot.capability import Capability, Context, Upkeep
from bot.outbox.catching_up import once_caught_up
from bot.outbox.events import EventMembers
from bot.spikes import restore
from bot.spikes.detector import SpikeDetector
from bot.spikes.events import SpikeEvent
from bot.spikes.keys import SpikeEventKey, SpikeKey
from bot.spikes.person import erase_spikes, exported_spikes
from bot.spikes.render import SpikeRenderer
from bot.spikes.rules import SpikePolicy


def spikes(context: Context) -> Capability:
    """Return the capability; without SPIKE_ALERTS it still renders what was enqueued before, and detects nothing."""
    policy = SpikePolicy.from_settings(context.settings)
    detector = SpikeDetector(policy)
    renderer = SpikeRenderer(
        context.database, context.templates, policy, context.settings.alert_privacy, context.people.names
    )
    is_on = context.settings.spike_alerts
    return Capability(
        "spikes",
        keys=(SpikeKey, SpikeEventKey),
        event_renderers=once_caught_up(context.database, {SpikeKey.kind: renderer.render_event}),
        event_builders={SpikeEventKey.kind: SpikeEvent(policy, EventMembers.from_settings(context.settings)).build},
        observers=[detector.observe] if is_on else [],
        upkeep=Upkeep(
            record_repricing=detector.record_repricing if is_on else None,
            adopt=lambda _connection, former, _now: restore.adopt(former),
            erase_person=erase_spikes,
            export_person=exported_spikes,
        ),
    )
