"""The log: whatever is written, by whomever, no line holds a credential, an e-mail or a control character."""

import io
import json
import logging
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from time import perf_counter
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.service.log import LONGEST, harmless
from bot.settings.environment import load
from bot.settings.model import LogFormat
from bot.settings.secret_texts import secret_texts
from tests.support.harness import ServiceHarness
from tests.support.logs import log_into
from tests.support.messages import visible_text
from tests.support.slack_requests import FORM, as_form, command, posted, signed
from tests.support.webhook import SECRET as WEBHOOK_SECRET

SECRETS = {
    "xoxb-1234-abcd": "see xoxb-1234-abcd here",
    "xapp-1-A0-99-ff": "xapp-1-A0-99-ff",
    "neo_sk_abcdef0123": "X-Api-Key: neo_sk_abcdef0123",
    "s3cr3tT1ck3t": "wss://wss-primary.slack.com/link/?ticket=s3cr3tT1ck3t&app_id=1",
    "s3cr3tT2ck3t": "ticket%3Ds3cr3tT2ck3t",
    "s3cr3tH00k": "https://hooks.slack.com/commands/T1/222/s3cr3tH00k",
    "s3cr3tH01k": "https:\\/\\/hooks.slack.com\\/commands\\/T1\\/222\\/s3cr3tH01k",
    "s3cr3tH02k": "https%3A%2F%2Fhooks.slack.com%2Factions%2FT1%2F222%2Fs3cr3tH02k",
    "s3cr3tH03k": "https%253A%252F%252Fhooks.slack.com%252Fservices%252FT1%252FB%252Fs3cr3tH03k",
    "s3cr3tH04k": "hooks.slack.com\\u002Fworkflows\\u002FT1\\u002Fs3cr3tH04k",
    "s3cr3tB3ar3r": "Authorization: Bearer s3cr3tB3ar3r",
    "s3cr3tB4ar3r": "authorization: bearer  s3cr3tB4ar3r",
    "XOXB-77-ABCD": "see XOXB-77-ABCD here",
    "c2VjcmV0": "signed with whsec_c2VjcmV0/c2VjcmV0+c2VjcmV0==",
    "s1gn4tur3": "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s1gn4tur3-x refused",
    "s3cr3tH05k": "hooks.slack.com&#x2F;services&#x2F;T1&#x2f;s3cr3tH05k",
    "s3cr3tH06k": "hooks.slack.com&#47;services&sol;T1&#047;s3cr3tH06k",
    "s3cr3tPassw0rd": "http://user:s3cr3tPassw0rd@proxy.example:3128",
    "ana": "by ana@acme.example, he said",
    "ana.r": "email=ana.r%40acme.example",
    "ana.s": '{"email": "ana.s\\u0040acme.example"}',
    "ana.t": "'ana.t\\\\u0040acme.example'",
    "ana.u": "ana.u%2540acme.example",
    "ana.v": "ana.v&#64;acme.example &#x40;",
    "ana.x": "ana.x&#X40;acme.example ana.x&#064;acme.example",
    "ana.y": "ana.y&commat;acme.example ana.y\\uff20acme.example",
    "ana.z": "ana.z\\100acme.example",
    "ana+w": "<mailto:ana+w@acme.example|ana+w@acme.example>",
    "o'brien": "o'brien@acme.example",
    "\u00e4nn\u00e9": "\u00e4nn\u00e9@b\u00fccher.example",
    "root": "to root@localhost",
}
ESCAPED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@pytest.mark.parametrize(("secret", "text"), SECRETS.items(), ids=list(SECRETS))
def test_no_credential_and_no_e_mail_is_left_in_a_text(secret: str, text: str) -> None:
    assert secret in text
    for around in (text, f"x {text} y", repr(text), json.dumps(text), text.encode().__repr__(), f"({text})"):
        assert secret not in harmless(around)
    assert "acme" not in harmless(text)


@pytest.mark.parametrize(
    "text",
    ["U0123ABCD", "<@U0123ABCD|ana>", "user=W0123ABCD,", "%3C%40U0123ABCD%3E", "of dm:D0123ABCD\n", "a_U0123ABCD_b"],
)
def test_a_slack_id_is_a_hash_which_is_the_same_for_the_same_person(text: str) -> None:
    for around in (text, repr(text), json.dumps(f"\n{text}"), f"({text})"):
        assert "ABCD" not in harmless(around)
    assert harmless("U0123ABCD") == harmless("U0123ABCD") != harmless("U0123ABCE")


@pytest.mark.parametrize("text", ["C0123ABCD", "UNAUTHORIZED", "/healthz DELETE", "u0123abcd", "XU0123ABCD"])
def test_what_names_no_person_stays(text: str) -> None:
    assert harmless(text) == text


@given(st.text(st.characters(exclude_categories=())))
def test_a_text_becomes_one_line_that_does_nothing(text: str) -> None:
    assert not ESCAPED.search(harmless(text))


STRETCHED = (
    "a", "a.", "@", "a@", "a@a", "%", "%40", "%25", "\\", "\\/", "://", "xoxb-", "ticket=", "a%40", "&#", "neo_sk_",
    "/hooks/", "Bearer ", "&#0", "&#x", "&sol;", "\\1", "eyJ", "eyJaaaaaa-", "eyJaaaaaa.", "whsec_",
)  # fmt: skip


@pytest.mark.parametrize("text", STRETCHED)
def test_the_cost_of_a_text_is_bounded_by_its_length(text: str) -> None:
    hostile = (text * 80_000)[:80_000]
    begun = perf_counter()
    harmless(hostile, len(hostile))
    assert perf_counter() - begun < 1  # a square of it takes more than six seconds
    assert len(harmless(text * 100_000)) < LONGEST + 100


# --- the secrets that are set --------------------------------------------------------------------


SET = {
    "NEO_BEARER_TOKEN": "plain/bearer+token=with~signs",
    "SLACK_BOT_TOKEN": "xoxb-1234-abcd",
    "SLACK_APP_TOKEN": "xapp-1-A0-99-ff",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99eeefff85a5",
    "WEBHOOK_URL": "https://ann:p%40ssw0rd@hooks.example.com/in/0123456789abcdef?key=k-4711",
    "WEBHOOK_SECRET": WEBHOOK_SECRET,
    "DATABASE_URL": "postgresql+psycopg://bot:s3cr%2Ft<p>'ss@db.example/neo",
}
PARTS = {
    "p@ssw0rd", "/in/0123456789abcdef?key=k-4711", "s3cr/t<p>'ss", WEBHOOK_SECRET.removeprefix("whsec_"),
}  # fmt: skip


@pytest.mark.parametrize("spell", [str, quote, quote_plus, lambda text: quote(text, safe=""), escape, repr, json.dumps])
@pytest.mark.parametrize("form", LogFormat)
def test_no_secret_that_is_set_is_left_however_it_is_quoted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: LogFormat, spell: Callable[[str], str]
) -> None:
    for written in log_into(io.StringIO(), monkeypatch, form, secret_texts(load(SET, tmp_path))):
        log = structlog.get_logger("bot.anything")
        for secret in PARTS | {text for name, text in SET.items() if name != "DATABASE_URL"}:
            quoted = spell(secret)
            log.error(f"it says {quoted}.", why=quoted, several=[quoted], exc_info=ValueError(quoted))  # noqa: G004 - as somebody may
            log.warning("long", why=f"{quoted} " * 200)
            assert quoted.strip("'\"") not in written.getvalue()
            assert "it says" in written.getvalue()
            written.truncate(0)
            written.seek(0)


def test_a_short_password_takes_no_word_out_of_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = secret_texts(load({"DATABASE_URL": "postgresql://neo:neo@db.example/neo"}, tmp_path))
    for written in log_into(io.StringIO(), monkeypatch, LogFormat.JSON, secrets):
        structlog.get_logger("bot.anything").warning("neo-usage can't read Neo")
        assert "neo-usage can't read Neo" in written.getvalue()


# --- lines ---------------------------------------------------------------------------------------


HOSTILE = "x\x1b[2J\x07\r\n2026-01-01T00:00:00Z [info     ] linked by=U0HANNAH \u202e ana@acme.example xoxb-1-2 \x9b"


def test_no_field_and_no_exception_forges_a_line_or_moves_a_cursor(written: io.StringIO) -> None:
    root = logging.getLogger()  # pytest's own handlers would pass on what cannot be passed on
    root.handlers[:] = [each for each in root.handlers if getattr(each, "stream", None) is written]
    log = structlog.get_logger("bot.anything")
    log.info(
        "an event", why=HOSTILE, several=[HOSTILE], named={"a": HOSTILE}, raw=HOSTILE.encode(errors="replace"), n=3
    )
    log.warning(HOSTILE)
    log.error("it failed", exc_info=ValueError(HOSTILE))
    for name in ("asyncio", "slack_bolt.X", "slack_sdk.web", "aiohttp.server", "anybody"):
        logging.getLogger(name).error("said %s", HOSTILE, exc_info=ValueError(HOSTILE))
    lines = written.getvalue().splitlines()
    assert len(lines) == written.getvalue().count("\n")
    for line in lines:
        assert not ESCAPED.search(line)
        assert not line.startswith("2026-01-01")
        assert "ana@acme" not in line
        assert "xoxb-1" not in line


def test_libraries_are_quoted_at_no_level(written: io.StringIO) -> None:
    for name in (
        "slack_bolt",
        "slack_bolt.RequestVerification",
        "door.py:AsyncApp",
        "slack_sdk.web.async_client",
        "aiohttp.access",
        "httpx",
        "alembic.runtime.migration",
        "sqlalchemy.engine.Engine",
        "new",
    ):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)  # as Bolt does with its own
        for level in (logging.DEBUG, logging.INFO):
            logger.log(level, "body: secret-title")
        assert written.getvalue() == ""
        logger.warning("body: secret-title %s", "secret-arg")
        assert written.getvalue().count("\n") == 1
        assert "secret" not in written.getvalue()
        assert "test_log:" in written.getvalue()
        written.truncate(0)
        written.seek(0)


@pytest.mark.parametrize("over_http", [False, True])
async def test_nothing_of_a_conversation_is_logged_at_the_level_debug(
    closed: ServiceHarness,
    written: io.StringIO,
    over_http: bool,  # noqa: FBT001 - a column
) -> None:
    await closed.open(over_http=over_http)
    await closed.ask("hannah", "team rows")
    await closed.ask("hannah", 'budget @priya 5/month reason:"layoff of bob"')
    im = closed.workspace.im_of(closed.workspace.user("hannah").id).id
    await closed.slack.say("hannah", im, "secret-typed-word")
    await closed.idle()
    if over_http:
        body = as_form(command(closed, "hannah", "secret-typed-word"))
        for headers in ({"Content-Type": FORM}, {**signed(closed, body), "X-Slack-Signature": "v0=00"}):
            await posted(closed, body, headers)
    logged = written.getvalue()
    workspace = closed.workspace
    kept = (
        workspace.bot_token,
        workspace.app_token,
        workspace.signing_secret,
        closed.neo.key,
        "@acme.example",
        "hooks/",
    )
    for secret in (*kept, "layoff", "secret-typed-word", "ticket=", "response_url"):
        assert secret not in logged
    assert "request" in logged


@pytest.mark.usefixtures("log_on_full_disk")
async def test_a_log_that_cannot_be_written_keeps_nobody_from_an_answer(closed: ServiceHarness) -> None:
    logging.getLogger("slack_sdk").warning("which may end what reads the socket")
    await closed.open()
    assert visible_text(await closed.ask("hannah", "team 7d")).startswith("The whole team")
