"""Failed checks of what Slack refused or did not answer."""

from bot.doctor.check import Check, failure
from bot.slack.errors import RefusedBySlackError, SlackError, SlackUnavailableError

REINSTALL = "Add it in your Slack app (OAuth & Permissions), then install the app again."


def unusable(what: str, error: SlackError) -> Check:
    """Return the failed check of something that Slack did not accept or could not be asked about."""
    if isinstance(error, RefusedBySlackError):
        return failure(what, str(error), "Copy the token again, whole, from the app that is installed.")
    remedy = error.remedy if isinstance(error, SlackUnavailableError) else ""
    return failure(what, str(error), remedy or "Check this machine's way to Slack (DNS, proxy, firewall).")
