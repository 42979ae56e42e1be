"""The `neo-usage` command: words in, one clear line out on failure; each command imports only what it needs."""

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from bot import __version__, terminal

if TYPE_CHECKING:
    import asyncio

    from bot.app import App
    from bot.database.lease import LeaseHolder
    from bot.ledger.members import Person
    from bot.sync.runner import SyncOutcome, SyncProgress
    from bot.usage.report import Report

FAILED, WRONG_USE = 1, 2
_LONGEST = 4_000  # characters of a line
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neo-usage")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def app(*, debug: bool) -> None:
    """What ProjectDiscovery Neo costs, to the cent."""
    _Debug.on = debug


@app.group("member", no_args_is_help=True)
def members() -> None:
    """The people of the ledger."""


@app.group("db", no_args_is_help=True)
def database() -> None:
    """The ledger's file."""


@app.group("budget", no_args_is_help=True)
def budgets() -> None:
    """Limits on spend, at whose steps people are told."""


class _Debug:
    on = False


def main() -> None:
    """Run the command line."""
    os.umask(0o077)  # whatever a command makes is its owner's alone
    with terminal.guarded():
        try:
            app(prog_name="neo-usage")
        except Exception as error:  # noqa: BLE001 - the interpreter's own way to show it goes past the guard
            if not _Debug.on:
                _complain(_sentence(error))
            else:
                import traceback

                traceback.print_exc()
            sys.exit(FAILED)


@contextmanager
def _plainly() -> Iterator[None]:
    """What an operator can act on becomes one line and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        _fail("interrupted. What was booked stays; the next sync goes on from there.")
    except BrokenPipeError:  # the reader of our output has left: nobody to tell
        raise click.exceptions.Exit(FAILED) from None
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except Exception as error:
        if _Debug.on:
            raise
        _complain(_sentence(error))
        raise click.exceptions.Exit(_code(error)) from None


def _sentence(error: Exception) -> str:
    from bot.database.errors import LedgerError
    from bot.domain.access import RefusedError
    from bot.domain.parsing import QueryError
    from bot.domain.when import WhenError
    from bot.settings import SettingsError

    if isinstance(error, SettingsError):
        return "\n  ".join([error.HEADING, *map(_one_line, error.problems)])
    if isinstance(error, (RefusedError, QueryError, WhenError, LedgerError)) or _is_remote(error):
        return _one_line(str(error))
    if type(error).__module__.startswith(("sqlite3", "sqlalchemy")):
        cause = _one_line(str(getattr(error, "orig", error)))
        return f"the database failed: {cause}. Is the disk full, or the file another's? `neo-usage doctor` looks."
    if isinstance(error, OSError):
        return _one_line(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
    return f"unexpected {type(error).__name__}. Run again with `neo-usage --debug ...` and report what it shows."


def _one_line(text: str) -> str:
    """A line for people, in which what comes from elsewhere begins no line of its own."""
    from bot.domain.text import one_line

    return one_line(text, _LONGEST)


def _is_remote(error: Exception) -> bool:
    return any(each.__module__ in {"bot.neo.errors", "bot.slack.errors"} for each in type(error).__mro__)


def _code(error: Exception) -> int:
    from bot.domain.access import RefusedError
    from bot.domain.parsing import QueryError
    from bot.domain.when import WhenError

    return WRONG_USE if isinstance(error, (QueryError, WhenError, RefusedError)) else FAILED


def _fail(text: str, code: int = FAILED) -> NoReturn:
    _complain(_one_line(text))
    raise click.exceptions.Exit(code)


def _logging() -> None:
    """Have what goes wrong on the way logged as a line to standard error, without the values of local variables."""
    from bot.service.log import configure
    from bot.settings import LogFormat, LogLevel

    configure(LogLevel.WARNING, LogFormat.CONSOLE)


def _app() -> "App":
    from bot import app as composition
    from bot.settings import load

    return composition.build(load())


def _complain(text: str) -> None:
    click.echo(f"neo-usage: {text}", err=True)


def _print_json(document: object) -> None:
    from bot.domain.text import json_text

    click.echo(json_text(document))


# --- run ------------------------------------------------------------------------------------------


@app.command()
def run() -> None:
    """The service: answers in Slack, and keeps the ledger fresh."""
    with _plainly():
        import asyncio

        from bot.service.log import configure
        from bot.service.run import check, serve

        wired = _app()
        check(wired.settings)
        configure(wired.settings.log_level, wired.settings.log_format)
        asyncio.run(_until_told(lambda stop: serve(wired, stop)))


async def _until_told(work: "Callable[[asyncio.Event], Awaitable[None]]") -> None:
    """Do the work until SIGTERM or Ctrl-C; a second one ends it at once."""
    import asyncio
    import signal

    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def told(which: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(which)

    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, told, which)
    await work(stop)


# --- sync ----------------------------------------------------------------------------------------


@app.command()
@click.option("--full", is_flag=True, help="Read all history, not just what is missing.")
def sync(*, full: bool) -> None:
    """Read from Neo into the ledger."""
    import asyncio

    with _plainly():
        _logging()
        wired = _app()
        wired.credential()
        with _progress() as progress:
            outcome = asyncio.run(wired.sync(full=full, progress=progress, waiting=_waiting))
        _print_outcome(outcome)


def _waiting(held: "LeaseHolder") -> None:
    click.echo(f"another sync is running ({_one_line(held.who)}); waiting for it to end", err=True)


@contextmanager
def _progress() -> "Iterator[Callable[[SyncProgress], None]]":
    """A progress bar on a terminal, silence elsewhere."""
    if not terminal.is_terminal(error=True):
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=terminal.console(error=True), transient=True) as bar:
        line = bar.add_task("asking Neo", total=None)

        def show(at: "SyncProgress") -> None:
            since = "the beginning" if at.window.start is None else f"{at.window.start:%Y-%m-%d}"
            what = f"{at.window.kind} since {since} ({at.number} of {at.windows})"
            bar.update(line, description=what, completed=at.rows, total=max(at.total, at.rows))

        yield show


def _print_outcome(outcome: "SyncOutcome") -> None:
    tally = outcome.tally
    for name in ("pages", "tasks", "new", "grown", "restated", "quarantined"):
        click.echo(f"{name}: {getattr(tally, name)}")
    click.echo(f"complete: {'yes' if outcome.complete else 'no'}")
    if not outcome.complete:
        click.echo("some of the list kept changing while it was read; the next sync reads it again", err=True)
    if tally.quarantined:
        click.echo("some rows could not be booked; `neo-usage status` names them", err=True)
    for warning in outcome.warnings:
        click.echo(f"WARNING: {_one_line(warning)}", err=True)


# --- report --------------------------------------------------------------------------------------


@app.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@_as_json
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
def report(query: tuple[str, ...], *, as_json: bool, as_csv: bool) -> None:
    """Answer a question: `neo-usage report 7d by:member`."""
    with _plainly():
        if as_json and as_csv:
            _fail("--json and --csv: one of them", code=WRONG_USE)
        wired = _app()
        answer = wired.report(line_of(query))
        if as_json:
            from bot.usage.export import to_json

            click.echo(to_json(answer))
        elif as_csv or answer.question.csv:
            from bot.usage.export import to_csv

            click.echo(to_csv(answer), nl=False)
        else:
            _show(wired, answer)


@app.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@_as_json
def errors(query: tuple[str, ...], *, as_json: bool) -> None:
    """Which tasks failed, how, and what they cost: `neo-usage errors 7d`."""
    with _plainly():
        from bot.failures.report import to_document

        wired = _app()
        found = wired.errors(line_of(query))
        if as_json:
            _print_json(to_document(found))
            return
        from bot.failures.cli import show

        show(found, wired.settings.timezone, terminal.console())


def _show(wired: "App", answer: "Report") -> None:
    from bot.usage.cli import show

    stale_after = timedelta(seconds=2 * wired.settings.poll_seconds)
    show(answer, terminal.console(), wired.clock(), stale_after)


def line_of(words: Sequence[str]) -> str:
    """One line from a shell's words; a word whose quotes the shell took gets them back."""
    return " ".join(_requoted(word) for word in words)


def _requoted(word: str) -> str:
    key, colon, value = word.partition(":")
    if colon and " " in value and " " not in key and ":" not in value and '"' not in value:
        return f'{key}:"{value}"'
    return word


# --- status --------------------------------------------------------------------------------------


@app.command()
@_as_json
def status(*, as_json: bool) -> None:
    """Last passes, freshness, quarantine, database."""
    with _plainly():
        from bot.database.reader import file_bytes
        from bot.ledger.scope import EVERYTHING
        from bot.usage import status

        wired = _app()
        with wired.reader() as reader:
            found = status.status(reader, EVERYTHING, file_bytes(wired.settings.database_path), wired.clock())
        document = status.to_document(found, wired.clock(), 2 * wired.settings.poll_seconds)
        if as_json:
            _print_json(document)
        else:
            from bot.usage.status_cli import show

            show(found, document, terminal.console(), wired.settings.timezone)


@app.command()
@click.option("--offline", is_flag=True, help="Ask nothing over the network.")
def doctor(*, offline: bool) -> None:
    """Check settings, database, Neo and Slack; exit 1 if anything fails."""
    with _plainly():
        from bot.doctor import State, examine

        _logging()
        checks = examine(offline=offline)
        width = max(len(check.what) for check in checks)
        for check in checks:
            what, found, mend = map(_one_line, (check.what, check.found, check.mend))
            click.echo(f"{check.state:<4}  {what:<{width}}  {found}{mend and f'  {mend}'}")
        if any(check.state is State.FAIL for check in checks):
            raise click.exceptions.Exit(FAILED)


@app.command()
@click.option("--url", help="Where Slack shall send requests, without Socket Mode: https://.../slack/events")
def manifest(url: str | None) -> None:
    """The Slack app's manifest, to paste when making the app."""
    from bot.slack.manifest import manifest as of_app

    _print_json(of_app(url))


# --- members -------------------------------------------------------------------------------------


@members.command("list")
@_as_json
def member_list(*, as_json: bool) -> None:
    """Everybody the ledger knows, and whom an operator linked."""
    with _plainly():
        from bot.ledger.members import people
        from bot.people.links import users_by_email

        with _app().reader() as reader:
            found, linked = people(reader), users_by_email(reader)
        if as_json:
            _print_json([_person(each, linked) for each in found])
            return
        for each in found:
            click.echo(_person_line(each, linked))


def _person(person: "Person", linked: "Mapping[str, str]") -> "dict[str, object]":
    from bot.domain.money import usd_text

    return {
        "email": person.email,
        "tasks": person.tasks,
        "spend_usd": usd_text(person.spend_nanos),
        "merged_into": person.merged_into,
        "slack_user": linked.get(person.email),
    }


def _person_line(person: "Person", linked: "Mapping[str, str]") -> str:
    from bot.domain.money import show_usd
    from bot.domain.text import one_line

    merged = f"  now {one_line(person.merged_into)}" if person.merged_into else ""
    slack = f"  {linked[person.email]}" if person.email in linked else ""
    spend = show_usd(person.spend_nanos)
    return f"{one_line(person.email):<40} {person.tasks:>8,} tasks {spend:>14}{merged}{slack}"


@members.command("link")
@click.argument("email")
@click.argument("slack_id")
def member_link(email: str, slack_id: str) -> None:
    """Match a Slack user to an E-MAIL of Neo; `remove` as the e-mail undoes it."""
    with _plainly():
        import re

        from bot.people.links import link, unlink

        if not re.fullmatch(r"[UW][A-Z0-9]{2,}", slack_id):
            _fail(f"`{slack_id}` is no Slack id such as U0123ABCD. Slack shows it in a profile.", code=WRONG_USE)
        wired = _app()
        with wired.database() as ledger, ledger.transaction() as connection:
            if email == "remove":
                before = unlink(connection, slack_id, "terminal", wired.clock())
                click.echo(f"{slack_id} was linked to {_one_line(before or 'nobody')}")
                return
            before = link(connection, slack_id, email, "terminal", wired.clock())
        click.echo(_one_line(f"{slack_id} is {email} in Neo now" + (f" (before: {before})" if before else "")))


@members.command("merge")
@click.argument("old")
@click.argument("new")
def member_merge(old: str, new: str) -> None:
    """Join a renamed e-mail: OLD's tasks and spend become NEW's, now and later."""
    with _plainly():
        wired = _app()
        with wired.database() as ledger, ledger.transaction() as connection:
            moved = wired.merge(connection, old, new)
        click.echo(_one_line(f"{moved:,} charges of {old} are {new}'s now, and so is whatever comes under {old}"))


# --- budgets -------------------------------------------------------------------------------------


@budgets.command("list")
@_as_json
def budget_list(*, as_json: bool) -> None:
    """All budgets with their use, pace, and where each limit comes from."""
    with _plainly():
        from bot.budgets.listing import budget_listing, to_document

        wired = _app()
        with wired.reader() as reader:
            lines = budget_listing(reader, wired.watch.policy, wired.clock())
        if as_json:
            _print_json(to_document(lines))
            return
        from bot.budgets.cli import show

        show(lines, wired.watch.policy, terminal.console())


@budgets.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("scope")
@click.argument("limit", metavar="AMOUNT/PERIOD")
@click.option("--until", metavar="DATE", help="Through that day; then the limit before it holds again.")
@click.option("--reason", help="Why, for the record.")
def budget_set(scope: str, limit: str, until: str | None, reason: str | None) -> None:
    """Set a budget: SCOPE is an e-mail, `default` or `team`; 500/month, $500/week, 50cr/day."""
    with _plainly():
        from bot.budgets import grammar
        from bot.budgets.changes import set_limit
        from bot.budgets.cli import done

        wired = _app()
        now, zone = wired.clock(), wired.settings.timezone
        nanos, unit = grammar.limit(limit)
        ends_at = grammar.until(until, now, zone) if until else None
        meant = grammar.BudgetInstruction(scope, nanos, unit, ends_at, reason[: grammar.REASON] if reason else None)
        with wired.database() as ledger, ledger.transaction() as connection:
            what = set_limit(connection, wired.watch, meant, "terminal", now)
        click.echo(done(what, zone))


@budgets.command("remove")
@click.argument("scope")
@click.argument("period", required=False, type=click.Choice(["day", "week", "month"]))
def budget_remove(scope: str, period: str | None) -> None:
    """Remove the budgets of a SCOPE: of one period, or of all."""
    with _plainly():
        from bot.budgets.changes import remove
        from bot.budgets.cli import done
        from bot.budgets.grammar import BudgetInstruction
        from bot.domain.periods import Unit

        wired = _app()
        meant = BudgetInstruction(scope, None, Unit(period) if period else None)
        with wired.database() as ledger, ledger.transaction() as connection:
            removed = remove(connection, wired.watch, meant, "terminal", wired.clock())
        for each in removed:
            click.echo(done(each, wired.settings.timezone))


@app.command()
@click.argument("whose", required=False, default="team", metavar="[E-MAIL|team]")
@_as_json
def explain(whose: str, *, as_json: bool) -> None:
    """Why alerts were or were not sent."""
    with _plainly():
        from bot.budgets.explain import sentences, to_document
        from bot.budgets.explain_command import explanation_answer

        wired = _app()
        terms = wired.watch.policy
        with wired.reader() as reader:
            found = explanation_answer(reader, whose, terms, wired.clock())
        if as_json:
            _print_json([to_document(each) for each in found])
            return
        click.echo(_one_line(found[0].whose))
        for each in found:
            for sentence in sentences(each, terms):
                indent = 5 if sentence.within else 2
                click.echo(" " * indent + _one_line(f"{sentence.text} {sentence.address}"))


# --- the digest ----------------------------------------------------------------------------------


@app.command()
@click.option("--date", "day", metavar="DATE", help="The morning it is of (today): it tells of the day before.")
@click.option("--dry-run", is_flag=True, help="Show it, and post nothing.")
def digest(*, day: str | None, dry_run: bool) -> None:
    """Show a digest, or post it to DIGEST_CHANNEL."""
    with _plainly():
        _logging()
        wired = _app()
        if not dry_run and not wired.settings.digest_channel:
            _fail(
                "DIGEST_CHANNEL is not set, so there is nowhere to post. `--dry-run` shows the digest.", code=WRONG_USE
            )
        if dry_run:
            click.echo(wired.show_digest(day))
            return
        import asyncio

        for line in asyncio.run(wired.post_digest(day)):
            click.echo(_one_line(line))


# --- database ------------------------------------------------------------------------------------


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to date (every start does it too)."""
    with _plainly():
        from bot.database.schema import newest_revision

        wired = _app()
        with wired.database():
            click.echo(_one_line(f"{wired.settings.database_path} is at schema {newest_revision()}"))


@database.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def db_backup(file: Path) -> None:
    """Copy the ledger, also while it is in use."""
    with _plainly():
        from bot.database.backup import backup

        size = backup(_app().settings.database_path, file)
        click.echo(_one_line(f"{file}: {size:,} bytes"))


@database.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def db_restore(file: Path) -> None:
    """Put a copy in the ledger's place; stop the service first."""
    with _plainly():
        wired = _app()
        kept, taken = wired.restore(file)
        click.echo(_one_line(f"{wired.settings.database_path} is {file} now"))
        if kept:
            click.echo(_one_line(f"the former ledger is kept as {kept}"))
        if taken is not None:
            click.echo(f"messages: {taken.waiting:,} pending, to be sent when the service starts")
            click.echo(f"          {taken.looked_for:,} may have been sent: Slack's history is searched first")
            click.echo(f"          {taken.sent_since:,} sent since the copy was made: not sent again")


@database.command("verify")
def db_verify() -> None:
    """Check the ledger's laws; exit 1 if one is broken."""
    with _plainly():
        from bot.database.backup import verify

        broken = False
        for law, breaches in verify(_app().settings.database_path).items():
            broken |= bool(breaches)
            click.echo(f"{'FAIL' if breaches else 'ok  '}  {_one_line(law + _some(breaches))}")
        if broken:
            _fail("the ledger breaks its laws. Restore a backup, or sync into a new database.")


def _some(breaches: list[str]) -> str:
    if not breaches:
        return ""
    more = f" and {len(breaches) - 3:,} others" if len(breaches) > 3 else ""  # noqa: PLR2004 - a few examples
    return f": {', '.join(breaches[:3])}{more}"


@database.command("reprice")
def db_reprice() -> None:
    """Price everything again in the BYOK_UNIT that is set; nobody is told."""
    with _plainly():
        from bot.domain.money import show_usd

        wired = _app()
        result = wired.reprice()
        click.echo(
            f"{result.tasks:,} tasks priced again in {wired.settings.pricing_unit.value},"
            f" {show_usd(result.difference_nanos)} in all"
        )


# --- demo ----------------------------------------------------------------------------------------


@app.command()
@click.option("--port", default=8811, show_default=True, help="Where the page is; another is taken if it is in use.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another team.")
@click.option("--no-browser", is_flag=True, help="Print the page's address, and open nothing.")
def demo(*, port: int, seed: int, no_browser: bool) -> None:
    """A Slack-like page with the real bot in it; no credentials, no network, a database of its own."""
    with _plainly():
        import asyncio

        from bot.demo.show import run
        from bot.service.log import configure
        from bot.settings import LogFormat, LogLevel

        configure(LogLevel.ERROR, LogFormat.CONSOLE)
        asyncio.run(_until_told(lambda stop: run(port, seed, terminal.console(), stop, browser=not no_browser)))
