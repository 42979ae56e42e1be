"""The capability of the balance: the command `balance`, and warnings before credits are gone."""

from datetime import datetime

from sqlalchemy import Connection

from bot.balance.commands import BalanceCommands
from bot.balance.job import BalanceJob
from bot.balance.keys import BalanceKey
from bot.balance.render import BalanceRenderer
from bot.balance.store import stored_balance, write_balance
from bot.capability import After, Capability, Context, Timer, Upkeep
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, unchanged_key

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
        upkeep=Upkeep(adopt=_adopt),
    )


def _adopt(connection: Connection, former: FormerLedger, _now: datetime) -> KeyMapping:
    """Take over what the former ledger warned of, so that operators are not warned of it again."""
    write_balance(connection, stored_balance(former.connection))
    return KeyMapping({BalanceKey.kind: unchanged_key}, {})
