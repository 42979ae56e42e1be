"""Former names of templates: an operator's own template under the name that it had before is still used."""

from collections.abc import Callable, Mapping

from jinja2 import Environment, FileSystemLoader, TemplateNotFound

FORMER_NAMES: Mapping[str, str] = {
    "budgets/acknowledged.txt": "budgets/acknowledgement.txt",
    "budgets/answered.txt": "budgets/request_decision.txt",
    "budgets/asked.txt": "budgets/request_sent.txt",
    "budgets/decided.txt": "budgets/decision_confirmation.txt",
    "budgets/done.txt": "budgets/change_confirmation.txt",
    "budgets/limit.txt": "budgets/limit_change.txt",
    "budgets/restored.txt": "budgets/default_restored.txt",
    "budgets/snoozed.txt": "budgets/snooze_confirmation.txt",
    "budgets/step.txt": "budgets/step_passed.txt",
    "digest/others.txt": "digest/late_and_unusual.txt",
    "digest/part.txt": "digest/week_or_month.txt",
    "digest/skipped.txt": "digest/skipped_days.txt",
    "failures/acknowledged.txt": "failures/acknowledgement.txt",
    "failures/emptied.txt": "failures/group_empty.txt",
    "failures/lifted.txt": "failures/silence_lifted.txt",
    "failures/notify.txt": "failures/notification_setting.txt",
    "failures/silenced.txt": "failures/silence_confirmation.txt",
    "home/pressing.txt": "home/budgets_at_risk.txt",
    "home/unknown.txt": "home/unknown_member.txt",
    "home/unread.txt": "home/no_data.txt",
    "incidents/unwritable.txt": "incidents/database_not_writable.txt",
    "outbox/missed.txt": "outbox/missed_summary.txt",
    "outbox/unworded.txt": "outbox/render_failure.txt",
    "people/denied.txt": "people/denial.txt",
    "usage/broken.txt": "usage/internal_error.txt",
    "usage/filed.txt": "usage/csv_sent.txt",
    "usage/late.txt": "usage/timeout.txt",
    "usage/leaving.txt": "usage/restart_notice.txt",
    "usage/nothing.txt": "usage/no_charges.txt",
    "usage/reaching.txt": "usage/backfill_started.txt",
    "usage/refused.txt": "usage/refusal.txt",
    "usage/shared.txt": "usage/share_note.txt",
    "usage/unfiled.txt": "usage/csv_not_sent.txt",
    "usage/unopened.txt": "usage/form_not_opened.txt",
    "usage/unread.txt": "usage/no_data.txt",
    "usage/unshared.txt": "usage/share_refusal.txt",
    "usage/unusable.txt": "usage/database_unavailable.txt",
    "usage/wrong.txt": "usage/syntax_error.txt",
}
"""The present name of each file, by the name that it had before."""

_FORMER_OF = {new: old for old, new in FORMER_NAMES.items()}


def former_name(name: str) -> str | None:
    """Return the name that a template's file had before; None if it always had this one."""
    return _FORMER_OF.get(name)


class RenamingLoader(FileSystemLoader):
    """Loads a template under its name, or else under the name that it had before, or has now."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the template's text, its file, and whether that is unchanged. Raises TemplateNotFound."""
        try:
            return super().get_source(environment, template)
        except TemplateNotFound:
            other = FORMER_NAMES.get(template) or former_name(template)
            if other is None:
                raise
            return super().get_source(environment, other)
