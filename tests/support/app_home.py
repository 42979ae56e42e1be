"""App Home as a test uses it: open it, read it, press its buttons."""

from bot.sandbox.slack.models import Message, View
from tests.support.harness import Office
from tests.support.messages import shown


async def opened(office: Office, user: str) -> str:
    """What somebody sees who opens App Home."""
    ack = await office.slack.open_home(user)
    assert ack.ok, ack
    await office.workspace.until(lambda: home(office, user) is not None)
    await office.idle()
    return seen(office, user)


def home(office: Office, user: str) -> View | None:
    return office.workspace.home_of(office.workspace.user(user).id)


def seen(office: Office, user: str) -> str:
    view = home(office, user)
    assert view is not None
    return shown(Message("0", "bot", blocks=view.body["blocks"]))


def buttons(office: Office, user: str) -> dict[str, str]:
    view = home(office, user)
    assert view is not None
    rows = (block for block in view.body["blocks"] if block["type"] == "actions")
    return {each["text"]["text"]: each["action_id"] for row in rows for each in row["elements"]}


async def press(office: Office, user: str, label: str) -> None:
    view = home(office, user)
    assert view is not None
    ack = await office.slack.click_in_view(user, view.id, buttons(office, user)[label])
    assert ack.ok, ack
    await office.idle()
