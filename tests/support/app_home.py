"""App Home as a test uses it: open it, read it, press its buttons."""

from bot.sandbox.slack.models import Message, View
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text


async def open_home(harness: ServiceHarness, user: str) -> str:
    """Open App Home as a user and return what they see."""
    ack = await harness.slack.open_home(user)
    assert ack.ok, ack
    await harness.workspace.until(lambda: home_view(harness, user) is not None)
    await harness.idle()
    return home_text(harness, user)


def home_view(harness: ServiceHarness, user: str) -> View | None:
    """Return a user's App Home; None before it was published."""
    return harness.workspace.home_of(harness.workspace.user(user).id)


def home_text(harness: ServiceHarness, user: str) -> str:
    """Return what a user reads in App Home."""
    view = home_view(harness, user)
    assert view is not None
    return visible_text(Message("0", "bot", blocks=view.body["blocks"]))


def home_buttons(harness: ServiceHarness, user: str) -> dict[str, str]:
    """Return the action ids in a user's App Home by label."""
    view = home_view(harness, user)
    assert view is not None
    rows = (block for block in view.body["blocks"] if block["type"] == "actions")
    return {each["text"]["text"]: each["action_id"] for row in rows for each in row["elements"]}


async def press_home(harness: ServiceHarness, user: str, label: str) -> None:
    """Press a button of App Home by its label, and wait until that is done."""
    view = home_view(harness, user)
    assert view is not None
    ack = await harness.slack.click_in_view(user, view.id, home_buttons(harness, user)[label])
    assert ack.ok, ack
    await harness.idle()
