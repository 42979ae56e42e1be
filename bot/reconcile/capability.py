"""The capability of reconciling: the command `reconcile`, and the job that compares each night."""

from bot.capability import After, Capability, Context, Timer, Upkeep
from bot.reconcile import upkeep
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
        upkeep=Upkeep(
            adopt=upkeep.adopt,
            merge_members=upkeep.merge_members,
            erase_person=upkeep.erase_person,
            export_person=upkeep.exported_differences,
        ),
    )
