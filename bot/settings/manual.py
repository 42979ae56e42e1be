"""What each setting does, and the table of all settings in the manual: `python -m bot.settings.manual` prints it."""

import sys
from types import MappingProxyType
from typing import Final

from bot.settings.variables import VARIABLES

PURPOSES: Final = MappingProxyType(
    {
        "NEO_API_KEY": "the API key of an admin of your Neo team",
        "NEO_BEARER_TOKEN": "a token instead of a key; set one of the two",
        "NEO_API_URL": "where Neo's API is",
        "NEO_TASK_URL_TEMPLATE": "a task's page as in your browser, with `{task_id}` for its id, for links in alerts",
        "SOLO_MEMBER": "whose tasks they are if you work without a team; Neo then sends no e-mails",
        "SLACK_BOT_TOKEN": "the bot's token (`xoxb-`)",
        "SLACK_APP_TOKEN": "the app-level token (`xapp-`), for Socket Mode",
        "SLACK_SIGNING_SECRET": "for Slack over HTTP, without `SLACK_APP_TOKEN`",
        "SLACK_API_URL": "where Slack's API is",
        "ADMINS": "operators, as Slack ids or e-mails, with commas; they see everybody's spend",
        "DIGEST_CHANNEL": "channels for the digest, by id or `#name`, with commas",
        "DIGEST_AT": "when the digest comes",
        "DIGEST_DAYS": "on which days: `mon-fri`, or `mon,wed,fri`",
        "ALERT_CHANNEL": "the channel for budget and failure alerts",
        "OPS_CHANNEL": "the channel for problems of the bot; without it, `ALERT_CHANNEL`",
        "BUDGET_STEPS": "the percentages at which budgets notify; from 100 on `ALERT_CHANNEL`, too",
        "FORECAST_ALERTS": "`on`: a DM, once a month, when a monthly budget is expected to run out early",
        "ALERT_PRIVACY": (
            "how channels name people: `named`, `anonymous`, or `operators` (these messages go to operators instead)"
        ),
        "QUIET_HOURS": "when no DMs are sent, such as `20:00-08:00`",
        "SHOW_TITLES": "who sees task titles and error texts besides their owner: `operators` or `channel`",
        "FAILURE_STATUSES": "which statuses count as failed",
        "SPIKE_ALERTS": (
            "`on`: an unusual day of a member is announced in `ALERT_CHANNEL` at once, not only in the digest"
        ),
        "SPIKE_FLOOR": "below this no day is unusual",
        "WEBHOOK_URL": "where events go as JSON: see [Webhook](webhook.md)",
        "WEBHOOK_SECRET": "what events are signed with (`whsec_`); needed with `WEBHOOK_URL`",
        "WEBHOOK_MEMBERS": "`on`: events name members by e-mail",
        "BACKUP_DIR": "where daily [backups](#backups) go; without it, none are made",
        "BACKUP_AT": "when the backup is made",
        "BACKUP_KEEP": "how many backups are kept",
        "TEMPLATES_DIR": "a directory with [your own wording](messages.md#your-own-wording)",
        "HTTP_HOST": "where health checks, and Slack over HTTP, are served",
        "HTTP_PORT": "the port for that",
        "METRICS_HOST": "where [metrics](#metrics) for Prometheus are served; they have no password",
        "METRICS_PORT": "the port for that; without it, there are none",
        "METRICS_MEMBERS": "`on`: metrics name members by e-mail",
        "LOG_LEVEL": "`debug`, `info`, `warning` or `error`",
        "LOG_FORMAT": "`console` for people, `json` for machines",
        "DATABASE_URL": "where the ledger is: a file, or a [PostgreSQL](#postgresql) database",
        "TIMEZONE": "where days begin and end, such as `Europe/Berlin`",
        "POLL_SECONDS": "how often Neo is read; data older than twice that is stale",
        "HISTORY_DAYS": "how many days back the first read goes",
        "RETAIN_DAYS": (
            "after how many days titles, errors, tools and agents of tasks are deleted, from 30 on; without it, never: "
            "see [below](#what-is-kept-and-how-long)"
        ),
        "SPEND_BASIS": "what spend adds up: `total` (Neo and model provider) or `platform` (Neo alone)",
        "BYOK_UNIT": (
            "the unit of amounts with your own model key: `credits` or `usd`; without it, credits, and answers say so"
        ),
    }
)
_HEAD = ("| setting | default | what it does |", "| --- | --- | --- |")


def settings_table() -> str:
    """Return a table in Markdown: each setting with its default and what it does, in the order of VARIABLES."""
    rows = [
        f"| `{each.name}` | {f'`{each.default}` ' if each.default else ''}| {PURPOSES[each.name]} |"
        for each in VARIABLES
    ]
    return "\n".join((*_HEAD, *rows))


if __name__ == "__main__":
    sys.stdout.write(f"{settings_table()}\n")
