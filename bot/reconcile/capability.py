"""The capability of reconciling: the command `reconcile`, and the job that compares each night."""

from datetime import datetime

from sqlalchemy import Connection

from bot.capability import After, Capability, Context, Timer, Upkeep
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.neo_agreement import neo_agreement, write_neo_agreement
from bot.outbox.key_mapping import KeyMapping
from bot.reconcile.commands import ReconcileCommands
from bot.reconcile.job import ReconcileJob
from bot.reconcile.reconciler import Reconciler

_WAIT = 0.5  # seconds for which the other jobs wait: a comparison asks Neo, and may take minutes


def reconcile(context: Context) -> Capability:
    """Return the capability."""
    reconciler = Reconciler(context.database, context.connect_neo, context.scheduler.backfill, context.clock)
    job = ReconcileJob(reconciler)
    commands = ReconcileCommands(job, context.people, context.templates, context.clock)
    return Capability(
        "reconcile",
        commands={"reconcile": commands.reconcile},
        timers=[Timer("reconcile", 60, job.run_when_due, after=frozenset({After.SYNC}), max_wait=_WAIT)],
        upkeep=Upkeep(adopt=_adopt),
    )


def _adopt(connection: Connection, former: FormerLedger, _now: datetime) -> KeyMapping:
    """Take over what the former ledger has found, so that operators are not notified of it again."""
    found = neo_agreement(former.connection)
    if found.attempted_at is not None:  # else the copy may know more
        write_neo_agreement(connection, found)
    return KeyMapping({}, {})
