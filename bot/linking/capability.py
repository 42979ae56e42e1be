"""The capability of linking: the command `link`."""

from bot.capability import Capability, Context
from bot.linking.commands import LinkCommands


def linking(context: Context) -> Capability:
    """Return the capability."""
    commands = LinkCommands(context.database, context.templates, context.clock)
    return Capability("linking", commands={"link": commands.link})
