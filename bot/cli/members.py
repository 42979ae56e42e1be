"""The command group `member`: the people of the ledger."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.startup import load_app, load_app_for_writing
from bot.terminal import streams

if TYPE_CHECKING:
    from bot.ledger.members import MemberSummary


@click.group("member", no_args_is_help=True)
def members() -> None:
    """List people, and say who is who in Slack and Neo."""


@members.command("list")
@json_option
@print_errors
def list_members(*, as_json: bool) -> None:
    """List everyone in Neo with their spend, and the Slack users that operators linked.

    Example: neo-usage member list
    """
    from bot.ledger.members import member_summaries
    from bot.people.links import users_by_email

    with load_app().ledger.reader() as connection:
        persons, linked = member_summaries(connection), users_by_email(connection)
    if as_json:
        print_json([_document(each, linked) for each in persons])
        return
    _print_list(persons, linked)


def _document(person: "MemberSummary", linked: Mapping[str, str]) -> dict[str, object]:
    from bot.domain.money import usd_text

    return {
        "email": person.email,
        "tasks": person.tasks,
        "spend_usd": usd_text(person.spend_nanos),
        "merged_into": person.merged_into,
        "slack_user": linked.get(person.email),
    }


def _print_list(persons: Sequence["MemberSummary"], linked: Mapping[str, str]) -> None:
    from bot.domain.cells import amount_cell, count_cell
    from bot.domain.text import one_line
    from bot.terminal.layout import print_table

    if not persons:
        click.echo("Nobody yet. `neo-usage sync` reads the tasks from Neo.")
        return
    columns = ("E-mail", "Spend", "Tasks", "Merged into", "Slack user")
    rows = [
        (one_line(each.email), amount_cell(each.spend_nanos), count_cell(each.tasks),
         one_line(each.merged_into or ""), linked.get(each.email, ""))
        for each in persons
    ]  # fmt: skip
    print_table(streams.console(), columns, rows)


@members.command("link")
@click.argument("whose", metavar="E-MAIL|NAME|remove", nargs=-1, required=True)
@click.argument("slack_id")
@print_errors
def link_member(whose: tuple[str, ...], slack_id: str) -> None:
    """Link a Slack user to someone in Neo, by e-mail or name. With `remove` instead, remove the link.

    Example: neo-usage member link ana@acme.example U0123ABCD
    """
    from bot.domain.slack_ids import is_user_id
    from bot.people.links import link, unlink
    from bot.people.mentions import email_called

    email = " ".join(whose)
    if not is_user_id(slack_id):
        fail(
            f"`{slack_id}` isn't a Slack member ID such as U0123ABCD. You find it in the person's Slack profile.",
            code=WRONG_USE,
        )
    app = load_app_for_writing()
    with app.ledger.database() as database, database.transaction() as connection:
        if email == "remove":
            before = unlink(connection, slack_id, "terminal", app.clock())
            click.echo(
                single_line(f"Removed the link of {slack_id} to {before}." if before else f"{slack_id} wasn't linked.")
            )
            return
        email = email_called(connection, email) or email
        before = link(connection, slack_id, email, "terminal", app.clock())
    click.echo(single_line(f"Linked {slack_id} to {email}." + (f" Before: {before}." if before else "")))


@members.command("merge")
@click.argument("old")
@click.argument("new")
@print_errors
def merge_member(old: str, new: str) -> None:
    """Join a renamed e-mail: OLD's tasks and spend become NEW's, now and later.

    Example: neo-usage member merge ana@old.example ana@acme.example
    """
    from bot.domain.formatting import count
    from bot.maintenance.members import merge_members

    app = load_app_for_writing()
    with app.ledger.database() as database, database.transaction() as connection:
        moved_charges = merge_members(connection, app.capabilities(database), old, new, app.clock())
    click.echo(
        single_line(
            f"Moved {count(moved_charges, 'charge')} of {old} to {new}. What comes under {old} later goes there too."
        )
    )


COMMANDS = (members,)
