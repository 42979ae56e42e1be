"""The headings of incidents: what is wrong, and that it is over, in messages and events alike."""

from types import MappingProxyType
from typing import Final

from bot.incidents.rules import IncidentName

_HEADINGS: Final = MappingProxyType(
    {
        IncidentName.UPSTREAM: ("Neo doesn't answer", "Neo answers again"),
        IncidentName.READING: ("Neo's data can't be read", "Neo's data can be read again"),
        IncidentName.INCOMPLETE: ("Neo's task list is incomplete", "Neo's task list is complete again"),
        IncidentName.SCOPE: ("The API key sees less than before", "the API key sees the whole team again"),
        IncidentName.QUARANTINE: ("Some rows were rejected", "no rejected rows are left"),
        IncidentName.DEAD: ("Some messages weren't delivered", "messages are delivered again"),
        IncidentName.WEBHOOK: ("The webhook doesn't work", "the webhook's receiver takes events again"),
        IncidentName.WORDING: ("Some messages can't be rendered", "messages can be rendered again"),
        IncidentName.TEMPLATE: (
            "A template in TEMPLATES_DIR can't be used",
            "every template in TEMPLATES_DIR can be used again",
        ),
        IncidentName.DIFFERENCE: ("Spend doesn't agree with Neo's total", "spend agrees with Neo's total again"),
        IncidentName.DISK: ("The disk is almost full", "the disk has room again"),
        IncidentName.BACKUP: ("There is no recent backup", "backups are made again"),
        IncidentName.CONNECTION: ("Commands and buttons don't reach the bot", "Slack accepts SLACK_APP_TOKEN again"),
    }
)


def heading(name: IncidentName, *, is_over: bool) -> str:
    """Return what is wrong, as a sentence begins; or that it is over, as one goes on."""
    return _HEADINGS[name][is_over]
