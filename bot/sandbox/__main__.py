"""`python -m bot.sandbox`: serve the simulated Neo and Slack in the foreground, to try a bot with settings of your own.

It prints the settings that connect a bot to them.
"""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World


def real_time() -> datetime:
    """Return the machine's time. This module is the sandbox's own composition root, so it may read the clock."""
    return datetime.now(UTC)  # noqa: TID251 own composition root


def parse_arguments(arguments: list[str]) -> Namespace:
    """Return the ports and the seed given on the command line."""
    parser = ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="Neo's; 0 for any free one (default: %(default)s)")
    parser.add_argument("--slack-port", type=int, default=8091, help="Slack's (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another history")
    return parser.parse_args(arguments)


async def serve(port: int, slack_port: int, seed: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    api, slack = NeoApi(World(seed, real_time()), real_time), SlackApi(Workspace.default(), real_time)
    async with NeoServer(api, port) as neo_server, SlackServer(slack, slack_port) as slack_server:
        sys.stdout.writelines(f"{name}={value}\n" for name, value in _settings(neo_server, slack_server).items())
        sys.stdout.flush()
        await stopped.wait()


def _settings(neo: NeoServer, slack: SlackServer) -> dict[str, str]:
    """Return the settings of a bot that is connected to them."""
    workspace = slack.api.workspace
    return {
        "NEO_API_URL": neo.url,
        "NEO_API_KEY": neo.api.key,
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "ADMINS": workspace.user("hannah").email,
        "DIGEST_CHANNEL": "#neo-spend",
        "ALERT_CHANNEL": "#general",
    }


if __name__ == "__main__":
    options = parse_arguments(sys.argv[1:])
    asyncio.run(serve(options.port, options.slack_port, options.seed))
