"""The command group `member`: the people of the ledger."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import json_option, print_json, single_line
from bot.cli.startup import load_app

if TYPE_CHECKING:
    from bot.ledger.members import MemberSummary


@click.group("member", no_args_is_help=True)
def members() -> None:
    """The people of the ledger."""


@members.command("list")
@json_option
@print_errors
def list_members(*, as_json: bool) -> None:
    """Everybody the ledger knows, and whom an operator linked."""
    from bot.ledger.members import member_summaries
    from bot.people.links import users_by_email

    with load_app().ledger.reader() as connection:
        persons, linked = member_summaries(connection), users_by_email(connection)
    if as_json:
        print_json([_document(each, linked) for each in persons])
        return
    for each in persons:
        click.echo(_line(each, linked))


def _document(person: "MemberSummary", linked: Mapping[str, str]) -> dict[str, object]:
    from bot.domain.money import usd_text

    return {
        "email": person.email,
        "tasks": person.tasks,
        "spend_usd": usd_text(person.spend_nanos),
        "merged_into": person.merged_into,
        "slack_user": linked.get(person.email),
    }


def _line(person: "MemberSummary", linked: Mapping[str, str]) -> str:
    from bot.domain.money import show_usd
    from bot.domain.text import one_line

    merged = f"  now {one_line(person.merged_into)}" if person.merged_into else ""
    slack = f"  {linked[person.email]}" if person.email in linked else ""
    spend = show_usd(person.spend_nanos)
    return f"{one_line(person.email):<40} {person.tasks:>8,} tasks {spend:>14}{merged}{slack}"


@members.command("link")
@click.argument("whose", metavar="E-MAIL|NAME|remove", nargs=-1, required=True)
@click.argument("slack_id")
@print_errors
def link_member(whose: tuple[str, ...], slack_id: str) -> None:
    """Match a Slack user to somebody in Neo, by e-mail or by name; `remove` in their place undoes it."""
    from bot.domain.slack_ids import is_user_id
    from bot.people.links import link, unlink
    from bot.people.mentions import email_called

    email = " ".join(whose)
    if not is_user_id(slack_id):
        fail(f"`{slack_id}` is no Slack id such as U0123ABCD. Slack shows it in a profile.", code=WRONG_USE)
    app = load_app()
    with app.ledger.database() as database, database.transaction() as connection:
        if email == "remove":
            before = unlink(connection, slack_id, "terminal", app.clock())
            click.echo(f"{slack_id} was linked to {single_line(before or 'nobody')}")
            return
        email = email_called(connection, email) or email
        before = link(connection, slack_id, email, "terminal", app.clock())
    click.echo(single_line(f"{slack_id} is {email} in Neo now" + (f" (before: {before})" if before else "")))


@members.command("merge")
@click.argument("old")
@click.argument("new")
@print_errors
def merge_member(old: str, new: str) -> None:
    """Join a renamed e-mail: OLD's tasks and spend become NEW's, now and later."""
    from bot.maintenance.members import merge_members

    app = load_app()
    with app.ledger.database() as database, database.transaction() as connection:
        moved_charges = merge_members(connection, app.capabilities(database), old, new, app.clock())
    click.echo(single_line(f"{moved_charges:,} charges of {old} are {new}'s now, and so is whatever comes under {old}"))


COMMANDS = (members,)
