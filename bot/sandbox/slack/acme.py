"""Acme Security, the demo's workspace: its users and channels."""

from bot.sandbox.slack.models import SLACKBOT, Channel, User
from bot.sandbox.team import TEAM, Member

BOT_USER = "U0NEOUSAGE"
BOT_NAME = "neo-usage"
TITLES = {
    "priya": "Red team lead",
    "marcus": "Offensive security engineer",
    "hannah": "Head of security",
    "jonas": "Cloud security engineer",
    "rafael": "Penetration tester",
    "dana": "Product security engineer",
    "mei": "Threat intelligence",
    "liam": "Platform engineer",
    "amara": "Security operations analyst",
    "yuki": "Detection engineer",
    "sofia": "Security programme manager",
}
COLOURS = (
    "#7c3aed",
    "#0f766e",
    "#b45309",
    "#be185d",
    "#1d4ed8",
    "#15803d",
    "#b91c1c",
    "#4338ca",
    "#0e7490",
    "#a16207",
    "#9d174d",
    "#3f6212",
    "#6d28d9",
)
ZONES = {  # hours from UTC: a time zone with that winter time
    -8: ("America/Los_Angeles", "Pacific Standard Time"),
    -6: ("America/Chicago", "Central Standard Time"),
    -5: ("America/Bogota", "Colombia Standard Time"),
    -3: ("America/Sao_Paulo", "Brasilia Standard Time"),
    0: ("Europe/London", "Greenwich Mean Time"),
    1: ("Europe/Berlin", "Central European Time"),
    5.5: ("Asia/Kolkata", "India Standard Time"),
    8: ("Asia/Shanghai", "China Standard Time"),
    9: ("Asia/Tokyo", "Japan Standard Time"),
}


def users() -> list[User]:
    """Return new users: the team's members, a guest, a user of another workspace, the bot and Slackbot."""
    staff = [_staff_user(member, COLOURS[index]) for index, member in enumerate(_staff())]
    return [*staff, *_external_users(), *_bot_users()]


def channels(users: list[User]) -> list[Channel]:
    """Return new conversations: six channels, and each member's direct messages with the bot."""
    staff = {user.id for user in users if _is_staff(user)}
    return [
        Channel("C0NEOSPEND", "neo-spend", members=staff | {BOT_USER}, topic="What Neo costs us"),
        Channel("C0SECURITY", "security", members=set(staff), topic="Everything that may burn"),
        Channel("C0GENERAL", "general", members=staff | {BOT_USER}, topic="Company-wide news"),
        Channel(
            "C0SHOPTEST",
            "shop-pentest",
            members={"U0HANNAH", "U0PRIYA", "U0GIL", BOT_USER},
            topic="Pentest of shop.acme.example, with our contractor",
        ),
        Channel("C0SECLEADS", "sec-leads", "private", {"U0HANNAH", "U0PRIYA"}, "Plans and money"),
        Channel(
            "C0GLOBEX",
            "acme-x-globex",
            members={"U0HANNAH", "U0MARCUS", "U0OWEN", BOT_USER},
            topic="Joint assessment with Globex",
            is_ext_shared=True,
        ),
        *(direct_channel(user) for user in users if _is_staff(user) or user.id == "U0GIL"),
    ]


def direct_channel(user: User) -> Channel:
    """Return a channel for the user's direct messages with the bot."""
    return Channel(f"D{user.id[1:]}", user.handle, "im", {user.id, BOT_USER})


def _staff() -> list[Member]:
    return [member for member in TEAM if not member.round_the_clock]  # AppSec CI has no account


def _staff_user(member: Member, colour: str) -> User:
    handle = member.email.partition(".")[0]
    zone, label = ZONES[member.utc_offset]
    return User(
        f"U0{handle.upper()}",
        handle,
        member.name,
        member.email,
        TITLES[handle],
        colour,
        is_admin=handle == "hannah",
        tz=zone,
        tz_label=label,
        tz_offset=int(member.utc_offset * 3600),
    )


def _external_users() -> list[User]:
    return [
        User("U0GIL", "gil", "Gil Moreau", "gil@contractor.example", "Contractor", "#57534e", is_ultra_restricted=True),
        User(
            "U0OWEN",
            "owen",
            "Owen Blake",
            "owen.blake@globex.example",
            "Globex security",
            "#475569",
            is_stranger=True,
            team_id="T0GLOBEX1",
        ),
    ]


def _bot_users() -> list[User]:
    return [
        User(BOT_USER, BOT_NAME, "neo-usage", title="What Neo costs", colour="#111827", is_bot=True),
        User(SLACKBOT, "slackbot", "Slackbot", colour="#757575"),
    ]


def _is_staff(user: User) -> bool:
    return not (user.is_bot or user.is_stranger or user.is_ultra_restricted or user.id == SLACKBOT)
