"""The capability of the balance: the command `balance`, and warnings before credits are gone."""

from bot.balance import restore
from bot.balance.commands import BalanceCommands
from bot.balance.job import BalanceJob
from bot.balance.keys import BalanceKey
from bot.balance.render import BalanceRenderer
from bot.capability import After, Capability, Context, Timer, Upkeep

_WAIT = 0.5  # seconds for which the other jobs wait for Neo's answer


def balance(context: Context) -> Capability:
    """Return the capability."""
    zone = context.settings.timezone
    job = BalanceJob(context.database, context.connect_neo, zone, context.clock)
    renderer = BalanceRenderer(context.database, context.templates, zone, context.clock)
    return Capability(
        "balance",
        keys=(BalanceKey,),
        commands={"balance": BalanceCommands(job, renderer).balance},
        event_renderers={BalanceKey.kind: renderer.render_event},
        timers=[Timer("balance", 60, job.run_when_due, after=frozenset({After.SYNC}), max_wait=_WAIT)],
        upkeep=Upkeep(adopt=lambda connection, former, _now: restore.adopt(connection, former)),
    )
