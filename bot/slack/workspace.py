"""The workspace: Slack's Web API as the bot uses it, one object for each kind of thing in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.measurements import UNMEASURED, Measurements
from bot.slack.account import Account, fetch_account
from bot.slack.channels import Channels
from bot.slack.errors import NotConnectedError
from bot.slack.history import History
from bot.slack.messages import Messages
from bot.slack.transport import SlackClients, connect_clients, web_client
from bot.slack.users import Users
from bot.slack.views import Views


class Workspace:
    """The workspace that the bot is installed in."""

    def __init__(self, clients: SlackClients) -> None:
        self.clients = clients
        self.users = Users(clients.reading, clients.patient)
        self.channels = Channels(clients.reading, clients.patient)
        self.messages = Messages(clients.posting, clients.once, clients.patient)
        self.views = Views(clients.once)
        self.history = History(clients.reading, self._known_account)
        self._account: Account | None = None

    @property
    def identity(self) -> Account:
        """The bot's account as `identify` last returned it. Raises NotConnectedError before it has."""
        if self._account is None:
            raise NotConnectedError
        return self._account

    async def identify(self) -> Account:
        """Ask Slack for the bot's account, and keep it as `identity`. Raises SlackError."""
        self._account = await fetch_account(self.clients.reading)
        return self._account

    async def _known_account(self) -> Account:
        return self._account or await self.identify()


def offline_workspace(address: str) -> Workspace:
    """Return a workspace without a token, for capabilities whose work does not reach Slack."""
    client = web_client(None, address)
    return Workspace(SlackClients(client, client, client, client, None, address))


@asynccontextmanager
async def connect_workspace(
    token: str, address: str, measurements: Measurements = UNMEASURED
) -> AsyncIterator[Workspace]:
    """Give the workspace of a bot token, at that address of the Web API; each request is counted."""
    async with connect_clients(token, address, measurements) as clients:
        yield Workspace(clients)
