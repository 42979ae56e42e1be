"""Misspelt commands, and names that Slack made no mention of: what was meant, or the line to type instead."""

import pytest

from bot.sandbox.world import World
from tests.support.commands import COMMANDS
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, visible_text
from tests.support.worlds import add

PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "first", "4", email=PRIYA)
    add(world, "other", "1", email=MARCUS)
    return world


@pytest.mark.slow
async def test_a_misspelt_command_is_asked_about_with_the_line_to_type(harness: ServiceHarness) -> None:
    lines = {
        "budgts": "budgets", "*budgts*": "budgets", "hlep": "help", "explian": "explain", "snoze 1h": "snooze 1h",
        "stauts": "status",
        "Digset 2026-03-01": "digest 2026-03-01", "erors team 7d": "errors team 7d",
        "notfy errors on": "notify errors on",
        "lnik @ana ana@acme.dev": "link @ana ana@acme.dev", "bugdet team 5/month": "budget team 5/month",
        "treshold team 5/month": "threshold team 5/month",
    }  # fmt: skip
    for line, meant in lines.items():
        for user in ("hannah", "priya"):
            answer = await harness.ask(user, line)
            said = visible_text(answer)
            assert f"Did you mean `{meant.partition(' ')[0]}`?" in said, line
            if " " in meant:
                assert f"Try `{meant}`" in said, line
            assert visible_text(answer).endswith(f"\n{meant}")  # the button
            assert actions(answer) == ["command:instead"]
    assert "Did you mean `today`?" in visible_text(await harness.ask("hannah", "todya"))
    pressed = await harness.press("hannah", await harness.ask("hannah", "budgts"), "command:instead")
    assert visible_text(pressed) == visible_text(await harness.ask("hannah", "budgets"))
    said = visible_text(await harness.ask("hannah", "xyzzyplugh"))
    assert said == 'I don\'t know "xyzzyplugh". `help` shows what you can ask.'


async def test_every_command_is_known_by_its_name(harness: ServiceHarness) -> None:
    assert set(harness.service.wiring.registry.commands) == COMMANDS


async def test_a_misspelt_word_of_a_command_is_asked_about_and_changes_nothing(harness: ServiceHarness) -> None:
    lines = {  # all that are typed about budgets are tested in budgets/limits/test_grammar
        "budget @priya remvoe month": "Did you mean `remove`?",
        "budget reqest 800/month": "Did you mean `request`?",
        "notify erors on": "Did you mean `notify errors on`?",
        "notify errors of": "Did you mean `notify errors off`?",
        "snooze tody": "Did you mean `snooze today`?",
        "snooze @priya perod": "Did you mean `period`?",
        "explain tema": "Did you mean `team`?",
    }
    for line, meant in lines.items():
        before = visible_text(await harness.ask("hannah", "budgets"))
        assert meant in visible_text(await harness.ask("hannah", line)), line
        assert visible_text(await harness.ask("hannah", "budgets")) == before, line


@pytest.mark.slow
async def test_a_name_typed_as_text_means_the_only_member_called_so(harness: ServiceHarness) -> None:
    harness.workspace.escapes_links = False
    for name in ("@priya", "@priya.raman", "@Priya"):
        assert "$500 a month" in visible_text(await harness.ask("hannah", f"budget {name} 500/month"))
        assert "in the channel are snoozed" in visible_text(await harness.ask("hannah", f"snooze {name} 4h"))
        assert "Priya Raman" in visible_text(await harness.ask("hannah", f"explain {name}"))
        assert "1 task ran" in visible_text(await harness.ask("hannah", f"errors {name}"))
    for line in ("budget @nobody 5/month", "snooze @nobody 4h", "explain @nobody", "@nobody 7d"):
        said = visible_text(await harness.ask("hannah", line))
        assert "I can't find @nobody in Neo. Type the whole e-mail, or pick somebody from Slack's list." in said, line


async def test_a_link_says_to_pick_the_person(harness: ServiceHarness) -> None:
    harness.workspace.escapes_links = False
    said = visible_text(await harness.ask("hannah", f"link @priya {PRIYA}"))
    assert "pick the person from Slack's list" in said


async def test_a_name_tells_a_member_nothing_of_others(harness: ServiceHarness) -> None:
    harness.workspace.escapes_links = False
    for command in ("explain {}", "snooze {} 1h", "budget {} 5/month", "{} 7d", "errors {}", "link {} x@y.example"):
        known = visible_text(await harness.ask("priya", command.format("@marcus")))
        assert known == visible_text(await harness.ask("priya", command.format("@nobody"))), command
    assert "Priya Raman" in visible_text(await harness.ask("priya", "explain @priya"))
