"""Budgets in everyday words, as people type them in Slack."""

import pytest

from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, table, visible_text
from tests.support.worlds import MARCUS, PRIYA, two_spenders


@pytest.fixture
def world() -> World:
    """Priya spent 40 dollars this month, Marcus 10."""
    return two_spenders()


UNDERSTOOD = "Understood as `"


async def said(harness: ServiceHarness, user: str, line: str) -> str:
    """Return the answer without the line above it that says how everyday words were understood."""
    answer = visible_text(await harness.ask(user, line))
    return answer.partition("\n")[2] if answer.startswith(UNDERSTOOD) else answer


async def test_it_is_said_who_is_over_their_budget(harness: ServiceHarness) -> None:
    assert "*No budget is over its limit.*" in await said(harness, "hannah", "who is over budget")
    for line in ("budget @priya 30/month", "budget @marcus 30/month", "budget team 1000/month"):
        await harness.ask("hannah", line)
    for line in ("who is over budget", "who is over their limit", "is anyone over budget?"):
        answer = await harness.ask("hannah", line)
        assert "*Budgets over their limit*" in visible_text(answer), line
        assert [row[0] for row in table(answer)[1:]] == ["Priya Raman"], line
    assert "*No budget of yours is over its limit.*" in await said(harness, "marcus", "who is over budget")


@pytest.mark.parametrize(
    ("user", "line", "same"),
    [
        ("hannah", "what budgets do we have", "budgets"),
        ("hannah", "is Priya going over budget", "budgets @priya"),
        ("hannah", "is Priya Raman over her limit", "budgets @priya"),
        ("hannah", "how much have we got left", "budgets team"),
        ("priya", "how much do I have left", "budgets"),
        ("priya", "am I going over budget", "budgets"),
        ("priya", "is marcus going over budget", "budgets @nobody"),
        ("priya", "are we over budget", "budgets @nobody"),
    ],
)
async def test_a_question_about_budgets_is_the_listing_of_them(
    harness: ServiceHarness, user: str, line: str, same: str
) -> None:
    for budget in ("budget @priya 30/month", "budget @marcus 30/month", "budget team 1000/month"):
        await harness.ask("hannah", budget)
    assert await said(harness, user, line) == await said(harness, user, same)


async def test_a_limit_is_given_until_a_day(harness: ServiceHarness) -> None:
    answer = await said(harness, "hannah", "give Priya 50 dollars a day until Friday")  # it is a Monday
    assert answer.startswith("*Priya Raman's budget is now $50 a day* through Mar 6.")
    assert "Only operators set budgets." in await said(harness, "marcus", "give Priya 50 dollars a day")


async def test_who_asks_for_more_comes_to_the_request(harness: ServiceHarness) -> None:
    opened: list[list[str]] = [[]]
    priya = harness.workspace.user("priya").id
    for line in ("can I get more budget", "raise my limit", "budget request"):
        assert (await harness.slack.command("priya", "neo-spend", line)).ok
        await harness.workspace.until(lambda: harness.workspace.modals.get(priya, []) not in opened)
        opened.append(list(harness.workspace.modals[priya]))


async def test_a_request_carries_its_reason_and_is_for_oneself(harness: ServiceHarness) -> None:
    for line in ("i need more budget", "can I get more budget"):  # in a DM, where no form can open
        channel = harness.workspace.im_of(harness.workspace.user("priya").id).id
        before = len(harness.visible("priya", channel))
        await harness.slack.say("priya", channel, line)
        answer = await harness.answer("priya", channel, before + 1)  # after their own message
        assert "To ask for a higher limit, press the button below" in visible_text(answer)
    assert (await said(harness, "priya", "ask for 300 a day until friday for the globex pentest")).endswith(
        " to set your limit to $300 a day through Mar 6 (reason: globex pentest). I'll send you their decision."
    )
    assert "$400 a day through Mar 6 (reason: globex pentest)" in await said(
        harness, "priya", "can i get 400 a day until friday? globex pentest"
    )
    assert "You can only ask for your own budget. If that is why you need it, type" in await said(
        harness, "priya", "can i get 400 a day for zaphod"
    )


async def test_how_a_budget_stood_earlier_is_not_known(harness: ServiceHarness) -> None:
    note = "I only know how budgets stand now. For the spend back then, type `{}`.\n"
    for user, line, spent in (
        ("priya", "did i go over yesterday", "yesterday"),
        ("priya", "who went over last week", "last week"),
        ("hannah", "who went over last week", "last week team by:member"),
        ("hannah", "did we go over last month", "last month team"),
        ("hannah", "did Priya Raman go over yesterday", "yesterday Priya Raman"),
    ):
        assert (await said(harness, user, line)).startswith(note.format(spent)), line
        assert "I don't know" not in await said(harness, user, spent)


async def test_a_listing_is_of_now_whatever_time_that_goes_on_is_named(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 30/month")
    for line, same in (
        ("budgets this month", "budgets"),
        ("budgets @priya for today", "budgets @priya"),
        ("budgets over right now", "budgets over"),
        ("what's the team's budget this month?", "budgets team"),
    ):
        assert await said(harness, "hannah", line) == await said(harness, "hannah", same), line
    them = f"<@{harness.workspace.user('priya').id}>"
    note = f"I only know how budgets stand now. For the spend back then, type `last week` {them}.\n"
    assert (await said(harness, "hannah", "budgets @priya last week")).startswith(note)


async def test_whoever_is_picked_is_named_in_a_choice_and_a_press_is_about_them(harness: ServiceHarness) -> None:
    priya = harness.workspace.user("priya").id
    asked = await harness.ask("hannah", "give @priya 500")
    assert f"\u2022 `budget` <@{priya}> `$500/month`" in visible_text(asked)
    assert "|priya" not in visible_text(asked)
    pressed = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert "Priya Raman's budget is now $500 a month" in pressed
    snoozed = visible_text(await harness.ask("hannah", "snooze @priya until 3/6"))
    assert f"\u2022 `snooze` <@{priya}> `until " in snoozed
    assert "|priya" not in snoozed


async def test_a_cap_for_everybody_is_a_default_that_is_asked_about(harness: ServiceHarness) -> None:
    asked = visible_text(await harness.ask("hannah", "cap everybody at 50 bucks per day"))
    assert "It doesn't stop tasks." in asked
    assert "`budget default $50/day`  for everyone without a personal budget" in asked
    assert "`budget team $50/day`  for the whole team" in asked


async def test_whose_budget_an_alert_means_is_asked_back(harness: ServiceHarness) -> None:
    for line in ("warn me at $500 a week", "give everyone 300 a month", "max 300 a month for everyone"):
        await harness.ask("hannah", line)
    assert "*No budget is set.*" in await said(harness, "hannah", "budgets")
    asked = await harness.ask("hannah", "warn me at $500 a week")
    assert actions(asked) == ["command:choice1", "command:choice2", "command:choice3"]
    text = visible_text(asked)
    assert "Which one do you mean?\n• `budget team $500/week`  for the whole team\n" in text
    assert "• `budget default $500/week`  for everyone without a personal budget\n" in text
    assert "• `budget hannah.weiss@acme.example $500/week`  for you\n" in text
    pressed = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert "$500 a week" in pressed
    assert [actions(each) for each in harness.visible("hannah") if each.ts == asked.ts] == [[]]  # chosen once
    team = await harness.ask("hannah", "alert me when the team passes 1000 a month")
    assert "• `budget team $1,000/month`  for the whole team" in visible_text(team)
    assert actions(team) == ["command:choice1"]
    assert "I can't find `zaphod` in Neo." in await said(harness, "hannah", "alert me when zaphod passes 1000 a month")
    assert await said(harness, "priya", "alert me when the team passes 1000 a month") == (
        "Only operators set budgets for the team and other people. For yours, type `budget request $1,000/month`."
    )
    members = visible_text(await harness.ask("priya", "warn me at $500 a week"))
    assert "• `budget request $500/week`  asks your operators for it" in members


async def test_thanks_are_answered_in_a_line(harness: ServiceHarness) -> None:
    for line in ("thanks", "thank you!", "ok", "great", "bye"):
        assert await said(harness, "priya", line) == "Any time. Type `help` to see what you can ask.", line


async def test_what_is_left_and_when_it_resets_stands_above_the_budgets_of_somebody(harness: ServiceHarness) -> None:
    for line in ("budget @priya 30/month", "budget @priya 1000/week", "budget team 50/month"):
        await harness.ask("hannah", line)
    own = await said(harness, "priya", "budgets")
    assert "\n$10.00 over this month (resets Apr 1) \u00b7 $960.00 left this week (resets Mar 9)\n" in own
    assert "\n$0.00 left this month (resets Apr 1)\n" in await said(harness, "hannah", "budgets team")
    assert " left " not in await said(harness, "hannah", "budgets")


async def test_the_next_line_may_be_about_the_budgets_that_were_shown(harness: ServiceHarness) -> None:
    for line in ("budget @priya 30/month", "budget @marcus 30/month"):
        await harness.ask("hannah", line)
    shown = await said(harness, "hannah", "budgets @marcus")
    for line in ("how much of it is used", "how much is left of it?", "is it over", "when does it reset"):
        assert await said(harness, "hannah", line) == shown, line
    assert "I only change a budget that is named." in await said(harness, "hannah", "raise it to 800")
    assert await said(harness, "hannah", "who is near it") == await said(harness, "hannah", "budgets")
    await said(harness, "priya", "balance")
    assert await said(harness, "priya", "when will it run out") == await said(harness, "priya", "balance")


async def test_it_is_said_who_has_no_budget(harness: ServiceHarness) -> None:
    for line in ("users without budget", "who has no limit", "which members don't have a budget yet?"):
        assert (await said(harness, "hannah", line)).startswith(
            "*2 people have no budget of their own*: Marcus Delgado, Priya Raman.\nNo default budget is set either.\n"
        ), line
    await harness.ask("hannah", "budget default 50/day")
    await harness.ask("hannah", "budget @priya 30/month")
    assert (await said(harness, "hannah", "people with no budget")).startswith(
        "*1 person has no budget of their own*: Marcus Delgado.\nThe default applies to this person: $50 a day.\n"
    )
    await harness.ask("hannah", "budget @marcus 30/month")
    assert (await said(harness, "hannah", "budgets none")).startswith("*Everybody has a budget of their own.*\n")
    refused = await said(harness, "marcus", "who has no budget")
    assert refused == await said(harness, "marcus", "budgets @nobody")


async def test_a_model_is_no_person_whose_budget_it_is(harness: ServiceHarness) -> None:
    for line in ("cap opus at 300 a month", "set a $200 monthly budget for opus", "remove the opus budget"):
        assert (await said(harness, "hannah", line)).startswith(
            "`opus` is a model, not a person. To limit what the team spends on it, type"
            " `budget team 500/month model:opus`."
        ), line
    set_ = await said(harness, "hannah", "give priya 100 a month on opus only")
    assert set_.startswith("*Priya Raman's model:opus budget is now $100 a month*.")


@pytest.mark.parametrize(
    ("line", "confirmed"),
    [
        ("limit the team to $300 on opus", "*The team's model:opus budget is now $300 a month*."),
        ("limit opus to $300 a week for the team", "*The team's model:opus budget is now $300 a week*."),
        ("limit our opus spend to 2k", "*The team's model:opus budget is now $2,000 a month*."),
        ("set a $300 limit on opus for priya", "*Priya Raman's model:opus budget is now $300 a month*."),
        ("max 40 dollars a day for priya", "*Priya Raman's budget is now $40 a day*."),
        ("cap priya at 500", "*Priya Raman's budget is now $500 a month*."),
    ],
)
async def test_a_limit_counts_what_is_named(harness: ServiceHarness, line: str, confirmed: str) -> None:
    assert (await said(harness, "hannah", line)).startswith(confirmed)


async def test_a_limit_of_everybody_or_without_a_verb_is_asked_back(harness: ServiceHarness) -> None:
    everybody = await said(harness, "hannah", "limit everyone to $300 on opus")
    assert "`budget default $300/month model:opus`" in everybody
    assert "`budget priya $200/month`" in await said(harness, "hannah", "priya: 200/month")
    assert (await said(harness, "hannah", "budgets")).startswith("*No budget is set.*")


async def test_after_budgets_why_is_about_whoever_they_are_of(harness: ServiceHarness) -> None:
    await said(harness, "hannah", "budgets @priya")
    assert "`by:model`\nPriya Raman · this month · " in visible_text(await harness.ask("hannah", "why so high"))
    await said(harness, "hannah", "budgets")
    assert visible_text(await harness.ask("hannah", "why so high")).startswith("Understood as `team by:member,model`\n")
    await said(harness, "priya", "budgets")
    assert visible_text(await harness.ask("priya", "why so high")).startswith("Understood as `by:model`\n")


async def test_a_possessive_without_its_apostrophe_is_the_person(harness: ServiceHarness) -> None:
    answer = await said(harness, "hannah", "raise priyas budget to 200 a day")
    assert answer.startswith("*Priya Raman's budget is now $200 a day*.")
    assert "*Priya Raman's budgets*" in await said(harness, "hannah", "show me priyas budget")


async def test_how_long_a_snooze_of_somebody_takes_is_asked_with_their_name(harness: ServiceHarness) -> None:
    assert "Type how long: `snooze marcus 1h`, " in await said(harness, "hannah", "stop alerting me about marcus")


@pytest.mark.parametrize("line", ["mute priya for 2h", "stop alerting me about priya for 2h"])
async def test_what_keeps_alerts_from_the_channel_is_asked_first(harness: ServiceHarness, line: str) -> None:
    asked = await harness.ask("hannah", line)
    assert visible_text(asked).startswith(
        "Understood as `snooze priya for 2h`\n"
        "Should I snooze budget alerts about Priya Raman in the channel, for everyone?\n\u2022 `snooze priya for 2h`\n"
    )
    assert "Nothing is snoozed for Priya Raman" in await said(harness, "hannah", "snooze priya off")
    pressed = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert pressed.startswith("Budget alerts about Priya Raman in the channel are snoozed until ")
    assert "Only operators can snooze the channel." in await said(harness, "priya", "mute marcus for 2h")
    assert "I can't find `zaphod` in Neo." in await said(harness, "hannah", "mute zaphod for 2h")


async def test_ones_own_alerts_are_muted_at_once(harness: ServiceHarness) -> None:
    muted = await said(harness, "priya", "mute 2h")
    assert muted.startswith("Budget alerts in your DMs are snoozed until ")


async def test_which_messages_everything_means_is_asked_with_a_button_for_each(harness: ServiceHarness) -> None:
    asked = await harness.ask("priya", "mute everything for 2h")
    assert visible_text(asked).startswith(
        "Understood as `snooze everything for 2h`\n"
        "I send budget alerts and failure notifications. Which should I stop?\n"
        "\u2022 `snooze for 2h`\n\u2022 `notify errors off`\n"
    )
    assert actions(asked) == ["command:choice1", "command:choice2"]
    pressed = visible_text(await harness.press("priya", asked, "command:choice1"))
    assert pressed.startswith("Budget alerts in your DMs are snoozed until ")


async def test_failure_notifications_are_turned_on_and_off_in_everyday_words(harness: ServiceHarness) -> None:
    for line in ("tell me when my tasks fail", "dm me on failures", "let me know about failures"):
        assert "Failure notifications are now on" in await said(harness, "priya", line)
        assert "Failure notifications are now off" in await said(harness, "priya", "mute failures")


async def test_which_of_several_budgets_is_removed_is_asked_with_a_button_for_each(harness: ServiceHarness) -> None:
    harness.workspace.escapes_links = False
    for line in ("budget @priya 30/month", "budget @priya 5/day", "budget team 9/week", "budget team 90/month"):
        await harness.ask("hannah", line)
    asked = await harness.ask("hannah", "remove priya's budget")
    assert visible_text(asked).startswith(
        "Priya Raman has 2 budgets: $5 a day and $30 a month. Which one should I remove?\n"
        f"\u2022 `budget {PRIYA} remove day`\n\u2022 `budget {PRIYA} remove month`\n"
        f"\u2022 `budget {PRIYA} remove all`\n"
    )
    assert actions(asked) == ["command:choice1", "command:choice2", "command:choice3"]
    removed = visible_text(await harness.press("hannah", asked, "command:choice1"))
    assert removed.startswith("*Removed Priya Raman's $5 daily budget.*")
    last = await said(harness, "hannah", "budget @priya remove")
    assert last.startswith("*Removed Priya Raman's $30 monthly budget.*")
    assert "The team has 2 budgets: $9 a week and $90 a month." in await said(harness, "hannah", "budget team remove")
    every = await said(harness, "hannah", "remove all of the team's budgets")
    assert "*Removed the team's $9 weekly budget.*" in every
    assert "*Removed the team's $90 monthly budget.*" in every
    assert "Only operators set budgets." in await said(harness, "priya", "budget @priya remove all")


async def test_a_change_that_no_command_makes_leads_on(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 30/month")
    before = visible_text(await harness.ask("hannah", "budgets"))
    paused = await harness.ask("hannah", "pause priya's budget")
    assert visible_text(paused).startswith(
        "A budget can't be paused. I can keep its alerts away for a while, or remove it. Which do you want?\n"
        "\u2022 `snooze priya today`\n\u2022 `snooze priya period`\n\u2022 `budget priya remove`\n"
    )
    assert "I can't undo a change of a budget. To change the limit, type `budget priya 500/month`." in await said(
        harness, "hannah", "undo priya's budget"
    )
    assert "I can't reset it before that. To change the limit, type `budget priya 500/month`." in await said(
        harness, "hannah", "reset priya's budget"
    )
    assert (
        "Should I remove this budget? To lower it instead, type its new limit, such as `budget priya 400/month`."
        in (await said(harness, "hannah", "drop priya's budget"))
    )
    assert "I don't calculate a limit from another one." in await said(harness, "hannah", "double priya's budget")
    assert 'I can\'t suggest a limit for "priya".' in await said(harness, "hannah", "suggest a limit for priya")
    assert "`budget everyone remove`" in await said(harness, "hannah", "pause all budgets")
    assert "I can't find `zaphod` in Neo." in await said(harness, "hannah", "pause zaphod's budget")
    assert visible_text(await harness.ask("hannah", "budgets")) == before
    own = await harness.ask("priya", "pause my budget")
    assert "\u2022 `snooze today`\n\u2022 `snooze period`\n" in visible_text(own)
    assert actions(own) == ["command:choice1", "command:choice2"]
    for line in ("pause marcus's budget", "undo my budget", "double my budget", "drop my budget"):
        assert "Only operators set budgets." in await said(harness, "priya", line), line


@pytest.mark.parametrize(
    ("line", "choice"),
    [
        ("marcus can spend 500 a month", "budget marcus $500/month"),
        ("priya's limit should be 400", "budget priya $400/month"),
        ("give priya 500", "budget priya $500/month"),
        ("priya gets 500 a month", "budget priya $500/month"),
    ],
)
async def test_what_only_states_a_limit_is_asked_back(harness: ServiceHarness, line: str, choice: str) -> None:
    asked = await harness.ask("hannah", line)
    assert f"`{choice}`" in visible_text(asked)
    assert actions(asked) == ["command:choice1"]
    assert "*No budget is set.*" in await said(harness, "hannah", "budgets")
    assert "Only operators set budgets" in await said(harness, "priya", line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("budgets priya's", "budgets @priya"),
        ("budgets for Priya Raman's budget", "budgets @priya"),
        ("budgets the team's", "budgets team"),
        ("budgets myself", "budgets me"),
        ("budgets all", "budgets"),
        ("budgets of everyone please", "budgets"),
        ("budgets list all", "budgets"),
        ("budgets priya and marcus", "budgets @priya @marcus"),
    ],
)
async def test_budgets_take_names_as_other_commands_do(harness: ServiceHarness, line: str, same: str) -> None:
    for budget in ("budget @priya 30/month", "budget @marcus 30/month", "budget team 1000/month"):
        await harness.ask("hannah", budget)
    for user in ("hannah", "priya"):
        assert await said(harness, user, line) == await said(harness, user, same), user


# --- money is never guessed ----------------------------------------------------------------------


async def test_the_first_line_says_what_limit_was_understood(harness: ServiceHarness) -> None:
    for line, understood in (
        ("give Priya 50 dollars a day until Friday", "budget Priya $50/day until:2026-03-06"),
        ("raise priya's limit to 800 for this month", "budget priya $800/month until:2026-03-31"),
        ("set priya's budget to 500 for the globex audit", 'budget priya $500/month reason:"globex audit"'),
        ("remove priya's daily budget", "budget priya remove day"),
        ("who is over budget", "budgets over"),
        ("how fresh is the data?", "status"),
    ):
        answer = visible_text(await harness.ask("hannah", line))
        assert answer.partition("\n")[0] == f"Understood as `{understood}`", line
    exact = visible_text(await harness.ask("hannah", "budget @priya 500/month"))
    assert exact.startswith("*Priya Raman's budget is already $500 a month.*")
    asked = visible_text(await harness.ask("priya", "set my budget to 800 because of globex"))
    assert asked.startswith('Understood as `budget request $800/month reason:"of globex"`\nI asked ')


async def test_the_confirmation_says_for_how_long_and_why(harness: ServiceHarness) -> None:
    answer = await said(harness, "hannah", "budget @priya 800/month for a week for the globex audit")
    assert answer.startswith("*Priya Raman's budget is now $800 a month* through Mar 8 (reason: globex audit). $40.00")
    removed = await said(harness, "hannah", "budget @priya remove month reason:done")
    assert removed.startswith("*Removed Priya Raman's $800 monthly budget* (reason: done).")


@pytest.mark.parametrize(
    ("line", "lines", "confirmed"),
    [
        (
            "budget @priya 800 for a week",
            ["budget @priya 800/week", "budget @priya 800/month until:2026-03-08"],
            "*Priya Raman's budget is now $800 a month* through Mar 8.",
        ),
        (
            "raise priya's limit to 10.000",
            ["budget priya $10,000/month", "budget priya $10/month"],
            "*Priya Raman's budget is now $10 a month*.",
        ),
        (
            "budget @priya 50/day until monday",
            ["budget @priya 50/day until:2026-03-02", "budget @priya 50/day until:2026-03-09"],
            "*Priya Raman's budget is now $50 a day* through Mar 9.",
        ),
    ],
)
async def test_a_limit_that_may_be_two_is_asked_back_with_a_button_for_each(
    harness: ServiceHarness, line: str, lines: list[str], confirmed: str
) -> None:
    harness.workspace.escapes_links = False
    asked = await harness.ask("hannah", line)
    assert actions(asked) == ["command:choice1", "command:choice2"]
    assert all(f"• `{each}`" in visible_text(asked) for each in lines)
    assert "*No budget is set.*" in await said(harness, "hannah", "budgets")
    pressed = visible_text(await harness.press("hannah", asked, "command:choice2"))
    assert pressed.startswith(confirmed)


async def test_who_of_two_people_is_meant_is_asked_with_a_button_for_each(harness: ServiceHarness) -> None:
    harness.workspace.user("marcus").name = "Priya Delgado"
    await harness.service.wiring.context.people.directory.fill()
    asked = await harness.ask("hannah", "budget priya 900 until friday")
    assert "2 people are called priya." in visible_text(asked)
    assert f"• `budget {MARCUS} $900/month until:2026-03-06`" in visible_text(asked)
    assert actions(asked) == ["command:choice1", "command:choice2"]
    assert "through Mar 6" in visible_text(await harness.press("hannah", asked, "command:choice2"))


NO_LIMITS = (
    "raise priya to 2 times her current limit", "limit priya to 20 tasks a day on average",
    "limit the team to 100 tasks per working day", "cap priya at 80 percent of her budget",
    "bump priya up to 100 more than she has now", "raise priya's limit to 500 more than it is now",
    "budget priya 500 starting next month for good", "add 500 to priya's budget",
    "split 1000 between priya and marcus", "max 300 a month for everyone", "at most 500 a month for us",
    "limit priya to 500 on average", "give priya and marcus 500 a month", "raise priya's budget by 20%",
    "should we limit priya to 500", "remove all budgets", "raise priya's limit", "limit priya to 50 a day on weekends",
    "raise priya to 500 a month for as long as the audit runs", "lower all limits to 100",
    "move 100 from priya to marcus", "set the same limit of 200 for priya and marcus",
    "give priya 100 more this month only", "set priya to 0", "limit priya to half of the team's budget",
    "make priya's budget the same as marcus's", "limit priya to 500 euros",
)  # fmt: skip


@pytest.mark.slow
async def test_what_names_no_limit_sets_none(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @marcus 30/month")
    before = visible_text(await harness.ask("hannah", "budgets"))
    for line in NO_LIMITS:
        for user in ("hannah", "priya"):
            assert "now $" not in await said(harness, user, line), line
    assert visible_text(await harness.ask("hannah", "budgets")) == before


async def test_budgets_are_removed_one_at_a_time(harness: ServiceHarness) -> None:
    assert "There is no budget to remove." in await said(harness, "hannah", "remove all budgets")
    for line in ("budget @priya 30/month", "budget team 1000/month model:opus", "budget default 5/day"):
        await harness.ask("hannah", line)
    asked = await harness.ask("hannah", "remove all budgets")
    assert visible_text(asked).startswith(
        "I only remove a budget that is named, one at a time. Which one?\n• `budget team remove month model:opus`\n"
        f"• `budget default remove day`\n• `budget {PRIYA} remove month`\n"
    )
    await harness.press("hannah", asked, "command:choice3")
    assert [row[3] for row in table(await harness.ask("hannah", "budgets"))[1:3]] == [
        "$1,000 a month for model:opus",
        "$5 a day",
    ]
    assert "$30" not in await said(harness, "hannah", "budgets @priya")
    assert "Only operators set budgets." in await said(harness, "priya", "remove all budgets")


async def test_nobody_is_unlimited_while_a_default_applies(harness: ServiceHarness) -> None:
    for line in ("budget default 300/month", "budget @priya 800/month"):
        await harness.ask("hannah", line)
    refused = await said(harness, "hannah", "make priya unlimited")
    assert refused.startswith("The default of $300 a month applies to everyone without a personal budget, so removing")
    assert "$800 a month" in visible_text(await harness.ask("hannah", "budgets @priya"))
    await harness.ask("hannah", "budget default remove")
    assert "*Removed Priya Raman's $800 monthly budget.*" in await said(harness, "hannah", "make priya unlimited")


async def test_who_may_only_ask_is_told_that_it_is_for_all_their_tasks(harness: ServiceHarness) -> None:
    assert await said(harness, "priya", "limit spend to 300 on opus") == (
        "You can only ask for a budget for all of your tasks: `budget request $300/month`."
    )
