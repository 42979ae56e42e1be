"""Hostile texts: whatever Neo or a person writes, in Slack it mentions, links, formats and reorders nothing."""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from bot.sandbox.slack.faults import UnknownBlocks
from bot.sandbox.slack.models import Message
from bot.sandbox.world import START, World
from bot.slack.mrkdwn import escape, readable_text
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.messages import TEXT_TYPES, actions, text_of
from tests.support.worlds import add

TEXTS = (
    "<!channel>", "<!here|x>", "<@U0PRIYA>", "<#C0SECRET|x>", "<https://evil.example|click>", "https://evil.example/x",
    "mailto:a@evil.example", "javascript:alert(1)", "*bold* _it_ ~s~ `code`", "```block```", ":tada: :rotating_light:",
    "&lt;!channel&gt;", "\u202ereversed\u202c \u200bzero\ufeff", "\x00\x1b[31mred\x07", "two\nlines\r\n\u2028three",
    ">>> quoted", "> quoted", "\uff1e\uff1e quoted", "> > :100: x", ":+1: :100: :8ball:", ":100", "100:", ":marca_ó:",
    "\uff1asmile\uff1a :half\uff1a",
    "\uff0abold\uff0a \uff3fit\uff3f \uff5es\uff5e \uff40code\uff40", "@here @channel", "<!date^1^{date}^http://x|y>",
    "``*b*` *c*", "`a` `*b*", "` *b* `", "<!channel> `<!channel>`",
    "=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\uff1d1+1", "x" * 500, "<" * 60, "&amp;" * 100, "🙂" * 80,
)  # fmt: skip
LINES = (
    "team", "team by:member", "team by:model", "team by:status", "team by:day,model", "team by:tool", "team by:agent",
    "team rows", "team rows top:5", "task:t-0", "task:t-4,t-8,t-9", "team search:t-1 by:member,model", "status", "help",
)  # fmt: skip
OURS = re.compile(r"<@[UW][A-Z0-9]+>")  # the mentions the bot means


@pytest.fixture
def world() -> World:
    world = World.empty()
    for number, text in enumerate(TEXTS):
        hostile = {"title": text, "error_message": text, "model": text, "tools": {text: (2, 30)}, "agents": {text: 1}}
        begun = START - timedelta(hours=4 + number)
        add(world, f"t-{number}", "1", email=f"{text}@acme.example", status="error", begun=begun, **hostile)
    return world


def texts(part: Any) -> Iterator[dict[str, Any]]:
    """Every text object of some blocks."""
    if isinstance(part, dict):
        if part.get("type") in TEXT_TYPES:
            yield part
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)


def check(message: Message) -> None:
    assert_inert(message.text)
    for part in texts(message.blocks):
        if part["type"] == "mrkdwn":
            assert part["verbatim"] is True
            assert_inert(part["text"])
        assert not [
            letter for letter in part["text"] if unicodedata.category(letter) in {"Cc", "Cf"} and letter != "\n"
        ]


def assert_inert(mrkdwn: str) -> None:
    assert "<" not in OURS.sub("", mrkdwn), mrkdwn
    assert not [letter for letter in mrkdwn if letter in "\u202e\u202d\u200b\u2066"], mrkdwn
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", mrkdwn, flags=re.DOTALL)  # in code Slack makes nothing of the rest
    assert "`" not in plain, mrkdwn
    assert not re.search(r"(?i)(https?|javascript|mailto):", plain), mrkdwn
    assert not re.search(
        r"[:\uff1a][^\s:\uff1a]+[:\uff1a]", re.sub(r":(warning|zzz|white_check_mark|no_entry):", "", plain)
    ), mrkdwn
    assert not re.search(r"(?m)^\s*(>|&gt;|\uff1e|\ufe65)", plain), mrkdwn
    assert not re.search(r"[\uff0a\uff5e\uff40\uff3f]", plain), mrkdwn
    assert "\uff40" not in mrkdwn
    assert not re.search(r"(?i)(?<![\w.+-])@(channel|here|everyone)\b", plain), mrkdwn


@pytest.mark.slow
@pytest.mark.parametrize("refused", [(), ("data_table",), ("data_table", "table"), ("section",)])
async def test_no_text_of_neos_does_anything(harness: ServiceHarness, refused: tuple[str, ...]) -> None:
    for line in LINES:
        harness.slack.faults.when(UnknownBlocks(frozenset(refused)))
        answer = await harness.ask("hannah", line)
        harness.slack.faults.clear()
        check(answer)
        for action in actions(answer):
            if action.startswith("ask"):
                await harness.slack.click("hannah", CHANNEL, answer.ts, action)
                await harness.idle()
                check(harness.visible("hannah")[-1])


@pytest.mark.slow
async def test_nothing_that_is_typed_does_anything(harness: ServiceHarness) -> None:
    for text in TEXTS:
        for line in (text, f'model:"{text}"', f"search:{text} by:model", f"@{text}", f"link <@U0PRIYA> {text}"):
            check(await harness.ask("hannah", line))


async def test_a_shared_answer_is_as_inert(harness: ServiceHarness) -> None:
    for line in ("team by:member", "team rows", f'team search:"{TEXTS[0]}"'):
        answer = await harness.ask("hannah", line)
        shared = await harness.press("hannah", answer, "share")
        assert shared.ephemeral_to is None
        said = shared.text.replace("<@U0HANNAH>", "")
        assert "<" not in said
        for part in texts(shared.blocks):
            if part["type"] == "mrkdwn":
                assert_inert(part["text"])


async def test_no_cell_of_a_file_is_a_formula(harness: ServiceHarness) -> None:
    for line in ("team rows csv", "team by:member csv", "team by:tool csv"):
        await harness.ask("hannah", line)
        content = harness.workspace.files[harness.dm("hannah")[-1].files[0]].content.decode()
        for cell in re.split(r"[,\n]", content):
            bare = cell.strip('"').lstrip()
            assert not bare.startswith(("=", "+", "@", "\t", "\uff1d")), cell
            assert not bare.startswith("-") or re.fullmatch(r"-[\d.]+", bare), cell


async def test_nothing_unfurls_and_no_name_is_linked(harness: ServiceHarness) -> None:
    await harness.slack.say("hannah", harness.workspace.im_of("hannah").id, "team rows")
    await harness.idle()
    [*_, call] = harness.slack.calls("chat.postMessage")
    assert [call.flag(name) for name in ("unfurl_links", "unfurl_media", "link_names")] == [False, False, False]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:24])
def test_a_rendered_text_is_inert(text: str) -> None:
    assert_inert(escape(text))
    assert "<" not in OURS.sub("", readable_text(text))


async def test_the_log_holds_no_text_of_anybodys(harness: ServiceHarness, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("team rows", "task:t-0", f"email:{TEXTS[2]}@acme.example", "secret-typed-word"):
        await harness.ask("hannah", line)
    logged = capsys.readouterr()
    for secret in ("@acme.example", "secret-typed-word", "evil.example", harness.workspace.bot_token, "/hook"):
        assert secret not in logged.out + logged.err
    assert "request" in logged.out + logged.err
    assert text_of(harness.visible("hannah")[-1])


async def test_a_traceback_in_the_log_holds_no_variable(
    closed: ServiceHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    others = structlog.get_config()["processors"][:-1]
    structlog.configure(processors=[*others, structlog.dev.ConsoleRenderer()])  # its own, with variables
    await closed.open()

    async def boom(*_: object) -> None:
        secret = f"secret-{closed.clock().year}"
        raise ValueError(len(secret))

    commands = closed.service.wiring.registry.commands
    assert isinstance(commands, dict)
    commands["boom"] = boom
    assert "Something went wrong" in text_of(await closed.ask("hannah", "boom"))
    logged = "".join(capsys.readouterr())
    assert "ValueError: 11" in logged
    assert f"secret-{closed.clock().year}" not in logged


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1. first", "1\u2024 first"),
        ("12) x", "12\u2024 x"),
        ("- x", "\u2010 x"),
        ("\u2022 x", "\u00b7 x"),
        ("-5 %", "-5 %"),
        ("3.5 x", "3.5 x"),
        ("at 09:30", "at 09:30"),
        ("2026-11-20 09:30, Berlin", "2026-11-20 09:30, Berlin"),
        ("error_storm a_b", "error_storm a_b"),
        ("a > b", "a &gt; b"),
        ("ana@acme.dev", "ana@acme.dev"),
        ("ana@here.dev", "ana@here.dev"),
        ("5 * 3", "5 \u2217 3"),
    ],
)
def test_a_harmless_text_reads_as_it_is_and_a_list_is_none(text: str, shown: str) -> None:
    assert escape(text) == readable_text(text) == shown


def test_only_what_slack_takes_for_code_is_left_as_it_is() -> None:
    assert readable_text("Try `model:opus *x*` or `a`") == "Try `model:opus *x*` or `a`"
    assert readable_text("``*b*` *c*") == "\u02cb`*b*` \u2217c\u2217"
    assert readable_text("`a` `*b*") == "`a` \u02cb\u2217b\u2217"
    assert readable_text("` *b* `") == "\u02cb \u2217b\u2217 \u02cb"


async def test_plain_texts_draw_no_pictures_and_nothing_is_linked(harness: ServiceHarness) -> None:
    for line in ("", "team", "budget", "team 30d by:model", "errors team", "budgets"):
        await harness.slack.say("hannah", harness.workspace.im_of("hannah").id, line)
        await harness.idle()
    await harness.slack.command("hannah", CHANNEL, "budget")
    await harness.idle()
    sent = [json.loads(json.dumps(call.args)) for call in harness.slack.log]
    plain = [part for args in sent for part in texts(decoded(args)) if part["type"] == "plain_text"]
    assert plain
    assert all(part["emoji"] is False for part in plain)
    posts = [call for name in ("chat.postMessage", "chat.postEphemeral") for call in harness.slack.calls(name)]
    assert {call.args.get("parse") for call in posts} == {"none"}


def decoded(args: Any) -> Any:
    """Arguments with what travels as JSON in them read."""
    if isinstance(args, dict):
        return {name: decoded(value) for name, value in args.items()}
    if isinstance(args, str) and args.startswith(("{", "[")):
        return json.loads(args)
    return args
