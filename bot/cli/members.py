"""The command group `member`: the people of the ledger."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import json_option, new_file, print_json, single_line
from bot.cli.startup import load_app, load_app_for_writing
from bot.terminal import streams

if TYPE_CHECKING:
    from bot.app import App
    from bot.domain.person import Person
    from bot.ledger.members import MemberSummary
    from bot.people.roles import SlackUser
    from bot.settings.model import Settings


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
        "spend_usd": None if person.known_nanos is None else usd_text(person.known_nanos),
        "tasks_without_cost": person.without_cost,
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
        (one_line(each.email), amount_cell(each.known_nanos), count_cell(each.tasks),
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
    from bot.domain.tasks import normalized_email
    from bot.ledger.members import member_id
    from bot.people.links import link, unlink
    from bot.people.mentions import email_called

    email = " ".join(whose)
    if slack_id == "remove":
        fail("to remove a link, name its Slack user: `neo-usage member link remove U0123ABCD`.", code=WRONG_USE)
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
        email = normalized_email(email_called(connection, email) or email)
        before = link(connection, slack_id, email, "terminal", app.clock())
        is_known = member_id(connection, email) is not None
    sentences = [f"Linked {slack_id} to {email}."]
    sentences += [f"Before: {before}."] if before else []
    sentences += [] if is_known else [f"I haven't seen a task of {email} yet, so check the spelling."]
    click.echo(single_line(" ".join(sentences)))


@members.command("merge")
@click.argument("old")
@click.argument("new")
@print_errors
def merge_member(old: str, new: str) -> None:
    """Join a renamed e-mail: OLD's tasks and spend become NEW's, now and later.

    Example: neo-usage member merge ana@old.example ana@acme.example
    """
    from bot.database.long_statements import long_statements
    from bot.domain.formatting import count
    from bot.domain.tasks import normalized_email
    from bot.maintenance.members import merge_members

    old, new = normalized_email(old), normalized_email(new)
    app = load_app_for_writing()
    with app.ledger.database() as database, database.transaction() as connection, long_statements(connection):
        moved_charges = merge_members(connection, app.capabilities(database), old, new, app.clock())
    click.echo(
        single_line(
            f"Moved {count(moved_charges, 'charge')} of {old} to {new}. What comes under {old} later goes there too."
        )
    )


_slack_option = click.option(
    "--slack-user", "slack_users", metavar="SLACK_ID", multiple=True, help="A Slack account of theirs that isn't known."
)
_name_option = click.option(
    "--name", "names", metavar="NAME", multiple=True, help="Another name of theirs, such as a first name."
)
_offline_option = click.option("--offline", is_flag=True, help="Don't ask Slack who they are there.")


@members.command("export")
@click.argument("email", metavar="E-MAIL")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_slack_option
@_name_option
@_offline_option
@print_errors
def export_member(
    email: str, file: Path | None, slack_users: tuple[str, ...], names: tuple[str, ...], *, offline: bool
) -> None:
    """Write everything stored about a person as JSON: to a new file, or to standard output.

    Example: neo-usage member export ana@acme.example ana.json
    """
    from bot.database.long_statements import long_statements
    from bot.domain.text import json_text
    from bot.maintenance.persons import check_person, exported_person
    from bot.people.person import find_person

    _check_slack_ids(slack_users)
    _check_names(names)
    app = load_app_for_writing()
    users = _everybody_in_slack(app, offline=offline)
    with app.ledger.database() as database, app.ledger.reader() as reader, long_statements(reader):
        person = find_person(reader, email, users, slack_users, names)
        check_person(reader, person)
        text = json_text(exported_person(reader, app.capabilities(database), person, app.settings.timezone))
    if file is None:
        click.echo(text)
        return
    with new_file(file) as new:
        new.write(f"{text}\n")
    click.echo(single_line(f"Wrote what is stored about {person.emails[0]} to {file}."))


@members.command("erase")
@click.argument("email", metavar="E-MAIL")
@click.option("--yes", is_flag=True, help="Don't ask first.")
@_slack_option
@_name_option
@_offline_option
@print_errors
def erase_member(email: str, slack_users: tuple[str, ...], names: tuple[str, ...], *, yes: bool, offline: bool) -> None:
    """Erase a person from the database for good. What they spent stays in the team's numbers.

    Example: neo-usage member erase ana@acme.example
    """
    from functools import partial

    from bot.database.errors import LedgerError
    from bot.domain.formatting import count
    from bot.maintenance.persons import check_person, check_settings, erase_beside_others
    from bot.people.person import find_person

    _check_slack_ids(slack_users)
    _check_names(names)
    app = load_app_for_writing()
    users = _everybody_in_slack(app, offline=offline)
    find = partial(find_person, email=email, users=users, named=slack_users, called=names)
    with app.ledger.database() as database:
        with app.ledger.reader() as reader:
            person = find(reader)
            check_person(reader, person)
        check_settings(app.settings, person)
        click.echo("\n".join(map(single_line, _erasure_lines(person))))
        if not yes:
            click.confirm("Erase them now?", abort=True)
        tasks = erase_beside_others(database, app.ledger.reader, app.capabilities(database), find, app.clock())
        try:
            database.overwrite_deleted()
        except LedgerError as error:
            fail(f"Erased {email}, but what was deleted is still in the database's files: {error} Run this again.")
    verb = "counts" if tasks == 1 else "count"
    click.echo(single_line(f"Erased {email}. {count(tasks, 'task')} now {verb} as a removed member's."))
    if copies := _copies(app.settings):
        click.echo("\n".join(["These copies were made before, so they still hold them. Delete them:", *copies]))


def _copies(settings: "Settings") -> list[str]:
    """Return the copies of the ledger that the bot knows of, a line each."""
    from bot.database.backup_directory import backups_in
    from bot.database.errors import LedgerError
    from bot.database.former_copy import copies_at, former_place

    directory = settings.backup_dir
    where = former_place(settings.database, directory)
    try:
        kept = [] if where is None else [str(each) for each in copies_at(where)]
        kept += [] if directory is None else [str(each) for each in backups_in(directory)]
    except (OSError, LedgerError):
        kept = [f"the backups in {directory}, which can't be read"]
    return [f"  {single_line(each)}" for each in kept]


def _erasure_lines(person: "Person") -> list[str]:
    """Return what is erased of a person and what cannot be, a line each."""
    known = [*person.emails, *sorted(person.names), *sorted(person.slack_users)]
    unknown = "I don't know their Slack account, so its ID stays where they did something. Add it with `--slack-user`."
    return [
        f"This erases {', '.join(known)}.",
        *([] if person.slack_users else [unknown]),
        "Their spend and the number of their tasks stay in the team's totals, as those of a removed member.",
        "Titles, errors, tools and agents of their tasks are deleted.",
        "So are their budgets, requests, snoozes, subscriptions and messages.",
        "Texts of others, and names of models, that name them as above are changed.",
        "For another name, such as a first name, add `--name`.",
        "It doesn't reach Neo, what Slack shows, or backups and exports made before. It can't be undone.",
    ]


def _check_slack_ids(slack_users: Sequence[str]) -> None:
    from bot.domain.slack_ids import is_user_id

    for each in slack_users:
        if not is_user_id(each):
            fail(f"`{each}` isn't a Slack member ID such as U0123ABCD.", code=WRONG_USE)


def _check_names(names: Sequence[str]) -> None:
    for each in names:
        if not any(map(str.isalpha, each)):
            fail(f"`{each}` isn't a name.", code=WRONG_USE)


def _everybody_in_slack(app: "App", *, offline: bool) -> "list[SlackUser]":
    """Return everybody in Slack; nobody if it isn't set up, or is not to be asked."""
    import asyncio

    from bot.slack.errors import SlackError

    if offline or app.settings.slack_bot_token is None:
        return []
    try:
        return asyncio.run(_everybody(app, app.settings.slack_bot_token.reveal()))
    except SlackError as error:
        fail(f"I can't ask Slack who they are: {error} Try again, or use `--offline --slack-user U0123ABCD`.")


async def _everybody(app: "App", token: str) -> "list[SlackUser]":
    from bot.doctor.people import everybody
    from bot.slack.workspace import connect_workspace

    async with connect_workspace(token, app.settings.slack_api_url) as workspace:
        return await everybody(workspace, await workspace.identify())


COMMANDS = (members,)
