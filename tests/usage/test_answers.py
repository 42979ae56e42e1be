"""Answers in Slack, from the command as it arrives over the socket to the message as it is seen."""

from datetime import timedelta

import pytest

from bot.domain.query.question import describe
from bot.sandbox.world import World
from tests.support.app import report_of
from tests.support.harness import GUEST_CHANNEL, ServiceHarness
from tests.support.messages import actions, table, visible_text
from tests.support.worlds import add, generated_world


@pytest.fixture
def world() -> World:
    return generated_world()


def described(harness: ServiceHarness, line: str) -> str:
    """A line in the query language."""
    return describe(report_of(harness.service.app, line).question)


async def test_an_operator_sees_everybody_by_member(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    rows = table(answer)
    assert rows[0] == ["Member", "Spend", "Share", "Tasks"]
    names = {user.email: user.name for user in harness.workspace.users.values()}
    report = report_of(harness.service.app, "team 7d by:member")
    assert [row[0] for row in rows[1:]] == [names.get(email := group.key[0], email) for group in report.groups]
    assert visible_text(answer).startswith("The whole team · 7d · ")


async def test_the_answer_is_seen_by_nobody_else(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "team")
    assert harness.visible("priya") == []


async def test_a_member_sees_their_own_spend(harness: ServiceHarness) -> None:
    answer = await harness.ask("priya", "7d by:model")
    assert visible_text(answer).startswith("You · 7d · ")
    report = report_of(harness.service.app, "email:priya.raman@acme.example 7d by:model")
    assert [row[0] for row in table(answer)[1:]] == [group.key[0] for group in report.groups]


async def test_a_member_is_told_the_same_about_anybody_elses(harness: ServiceHarness) -> None:
    for line in ("team", "@marcus", "by:member", "email:marcus.delgado@acme.example", "@nobody", "<@U1>"):
        assert visible_text(await harness.ask("priya", line)) == (
            "Only operators can see other people's spend. To see yours, ask without names, `team` or `by:member`."
        ), line


@pytest.mark.slow
async def test_an_operator_who_names_nobody_is_told_whose_spend_it_is_and_offered_the_teams(
    harness: ServiceHarness,
) -> None:
    for line in ("which model is most expensive", "top 5 tasks", "last 7 days", "7d model:opus"):
        own = await harness.ask("hannah", line)
        assert "\n*You spent $" in visible_text(own), line
        assert actions(own)[0] == "ask:team"
        pressed = visible_text(await harness.press("hannah", own, "ask:team"))
        meant = described(harness, line)
        assert pressed == visible_text(await harness.ask("hannah", f"team {meant}".strip())), line
        assert "\n*The whole team spent $" in pressed
    for line in ("team 7d", "@hannah 7d", "@priya 7d", "7d by:member"):
        assert "ask:team" not in actions(await harness.ask("hannah", line)), line
    assert "\n*You spent $" in visible_text(await harness.ask("priya", "7d"))
    assert "ask:team" not in actions(await harness.ask("priya", "7d"))


@pytest.mark.slow
async def test_an_operators_own_file_and_failures_come_with_a_button_for_the_teams(harness: ServiceHarness) -> None:
    sent = await harness.ask("hannah", "export last 7 days")
    assert "It has your own spend." in visible_text(sent)
    assert actions(sent) == ["csv"]
    (file,) = [each for each in harness.dm("hannah") if each.files]
    assert file.text.startswith("This is your own spend. For the team's, type `team 7d csv`.\nData as of")
    pressed = visible_text(await harness.press("hannah", sent, "csv"))
    assert "`neo-usage team 7d rows " in pressed
    failures = await harness.ask("hannah", "errors last 7 days")
    assert actions(failures) == ["errors:team"]
    everybodys = visible_text(await harness.press("hannah", failures, "errors:team"))
    assert everybodys == visible_text(await harness.ask("hannah", "errors team 7d"))
    for line in ("export last 7 days", "errors last 7 days"):
        assert actions(await harness.ask("priya", line)) == [], line


async def test_a_guest_is_refused_politely(harness: ServiceHarness) -> None:
    assert "here as a guest" in visible_text(await harness.ask("gil", "7d", GUEST_CHANNEL))


async def test_who_matches_no_member_is_told_whom_to_ask(harness: ServiceHarness) -> None:
    harness.workspace.user("priya").email = ""
    harness.clock.advance(timedelta(minutes=5))
    assert visible_text(await harness.ask("priya", "7d")) == ("I can't find you in Neo. Ask <@U0HANNAH> to `link` you.")


async def test_a_mention_names_somebody(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "@priya 7d")
    assert visible_text(answer).startswith("Priya Raman · 7d · ")


async def test_by_day_has_a_chart_whose_numbers_are_in_the_table(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 14d by:day")
    chart = next(block for block in answer.blocks if block["type"] == "data_visualization")
    values = [point["value"] for point in chart["chart"]["series"][0]["data"]]
    assert sum(values) == pytest.approx(sum(float(row[1].strip("$")) for row in table(answer)[1:]), abs=0.2)


async def test_a_button_asks_again_in_place(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    again = await harness.press("hannah", answer, "ask:model")
    assert table(again)[0][0] == "Model"
    assert len(harness.visible("hannah")) == 1


async def test_a_button_keeps_whose_spend_it_is(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "7d by:member")
    assert visible_text(await harness.press("hannah", answer, "ask:model")).startswith("The whole team")
    own = await harness.ask("hannah", "7d")
    assert visible_text(await harness.press("hannah", own, "ask:model")).startswith("You")


async def test_an_operator_who_names_a_task_means_it_whosever_it_is(harness: ServiceHarness) -> None:
    columns, first, *_ = table(await harness.ask("hannah", "team 7d rows"))
    task = dict(zip(columns, first, strict=True))
    answer = await harness.ask("hannah", f"task:{task['Task']}")
    assert dict(table(answer)[1:])["Cost so far"].startswith(task["Spend in period"])
    assert actions(answer) == ["share"]


async def test_a_wrong_word_is_named_and_its_correction_can_be_pressed(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team modle:opus")
    assert 'I don\'t know "modle:". Did you mean `model:opus`? Try `team model:opus`.' in visible_text(answer)
    again = await harness.press("hannah", answer, "ask:instead")
    assert visible_text(again).startswith("The whole team · this month · model:opus")


async def test_share_shows_it_to_all_without_buttons(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:model")
    await harness.press("hannah", answer, "share")
    shared = harness.visible("marcus")[-1]
    assert "Shared by <@U0HANNAH>" in visible_text(shared)
    assert actions(shared) == []
    await harness.idle()
    [own] = [each for each in harness.visible("hannah") if each.ts == answer.ts]
    assert actions(own) == [each for each in actions(answer) if each != "share"]  # once is enough


async def test_csv_comes_as_a_file_in_the_dm(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:model")
    await harness.press("hannah", answer, "csv")
    file = harness.workspace.files[harness.dm("hannah")[-1].files[0]]
    assert file.content.decode().splitlines()[0] == "model,spend_usd,platform_usd,provider_usd,tasks,share"
    assert file.name.startswith("neo-usage team 7d by model ")


async def test_help_and_status_depend_on_who_reads_them(harness: ServiceHarness) -> None:
    assert "by:member" in visible_text(await harness.ask("hannah", "help"))
    assert "by:member" not in visible_text(await harness.ask("priya", "help"))
    assert "Operators" in visible_text(await harness.ask("hannah", "status"))
    assert "members" not in visible_text(await harness.ask("priya", "status"))


async def test_a_direct_message_is_answered_like_the_command(harness: ServiceHarness) -> None:
    before = len(harness.dm("priya"))
    im = harness.workspace.im_of("priya").id
    await harness.slack.say("priya", im, "7d by:model")
    answer = await harness.answer("priya", im, before + 1)
    assert visible_text(answer).startswith("You · 7d")
    assert "share" not in actions(answer)


async def test_a_mention_is_answered_to_whoever_wrote_it_alone(harness: ServiceHarness) -> None:
    await harness.slack.say("priya", "neo-spend", "@neo-usage 7d by:model")
    answer = await harness.answer("priya", "neo-spend", 1)
    assert visible_text(answer).startswith("You · 7d")
    assert len(harness.visible("marcus")) == 1


async def test_a_repeated_delivery_is_answered_once(harness: ServiceHarness) -> None:
    ack = await harness.slack.command("priya", "neo-spend", "7d")
    await harness.answer("priya", "neo-spend", 0)
    await harness.slack.redeliver(ack)
    await harness.idle()
    assert len(harness.visible("priya")) == 1


async def test_operators_are_welcomed_once(harness: ServiceHarness) -> None:
    await harness.deliver()
    await harness.service.jobs.sync()
    [welcome] = harness.dm("hannah")
    assert "I'm ready" in visible_text(welcome)
    assert harness.dm("priya") == []


async def test_it_works_over_http_as_well(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    assert visible_text(await closed.ask("priya", "7d by:model")).startswith("You · 7d")


async def test_a_quiet_hour_is_no_reason_to_doubt_who_somebody_is(harness: ServiceHarness) -> None:
    answer = visible_text(await harness.ask("priya", "from:2026-02-25T03:00 to:2026-02-25T03:01"))
    assert "*You spent $0.00* (0.00 credits) · 0 tasks · the same as the minute before ($0.00)\n" in answer
    assert "\nNo spend in this period.\n" in answer
    assert "find you" not in answer


async def test_an_empty_answer_offers_the_same_line_in_its_text_and_on_its_button(harness: ServiceHarness) -> None:
    lines = visible_text(await harness.ask("hannah", "task:nope")).splitlines()
    assert "No tasks match. Try without `task:nope`: `team`" in lines
    assert "team" in lines
    unknown = visible_text(await harness.ask("hannah", "email:nobody@x.yz 7d"))
    assert "\nI can't find nobody@x.yz in Neo: it has no tasks of theirs. Check the spelling.\n" in unknown


async def test_tasks_are_told_apart_by_what_stands_first(harness: ServiceHarness) -> None:
    columns, first, *_ = table(await harness.ask("hannah", "@marcus 7d status:failed rows"))
    assert columns == ["Title", "Spend in period", "Status", "Model", "Error", "Created", "Task"]
    assert first[2] == "failed"
    columns, *rows = table(await harness.ask("hannah", "team 7d rows"))
    assert "Marcus Delgado" in {row[columns.index("Member")] for row in rows}


@pytest.mark.slow
async def test_a_task_that_grew_says_what_it_cost_in_the_period_and_in_all(harness: ServiceHarness) -> None:
    begun = harness.clock()
    add(harness.neo.world, "grows", "1", email="priya.raman@acme.example", begun=begun)
    harness.clock.advance(timedelta(hours=2))
    await harness.sync()
    harness.neo.world.remove("grows")
    add(harness.neo.world, "grows", "4", email="priya.raman@acme.example", begun=begun)
    harness.clock.advance(timedelta(hours=12))
    await harness.sync()
    task = dict(table(await harness.ask("priya", "task:grows today"))[1:])
    assert (task["In this period"], task["Cost so far"]) == ("$30.00", "$40.00")
    assert "yesterday" not in visible_text(await harness.ask("priya", "task:grows today"))
    assert "In this period" not in dict(table(await harness.ask("priya", "task:grows"))[1:])


async def test_people_and_models_are_compared_side_by_side(harness: ServiceHarness) -> None:
    for line, meant in (
        (
            "compare priya and marcus last 7 days",
            "7d email:marcus.delgado@acme.example,priya.raman@acme.example by:member",
        ),
        ("compare me with marcus", "email:hannah.weiss@acme.example,marcus.delgado@acme.example by:member"),
    ):
        answer = await harness.ask("hannah", line)
        assert sorted(row[0] for row in table(answer)[1:]) == sorted(
            row[0] for row in table(await harness.ask("hannah", meant))[1:]
        ), line
        assert len(table(answer)) == 3, line
    refused = visible_text(await harness.ask("priya", "compare me with marcus"))
    assert refused.startswith('I don\'t know "marcus".')


async def test_tasks_are_listed(harness: ServiceHarness) -> None:
    for line, meant in (("show me the tasks", "rows"), ("our failed tasks", "team status:error,failed rows")):
        answer = await harness.ask("hannah", line)
        assert visible_text(answer).startswith(f"Understood as `{meant}`\n")
        assert table(answer)[0][0] == "Title"
    counted = visible_text(await harness.ask("hannah", "how many tasks failed this month"))
    assert counted.startswith("Understood as `this month status:error,failed`\n")
    failures = visible_text(await harness.ask("hannah", "errors of our tasks last 7 days"))
    assert failures.startswith("Understood as `errors team 7d`\n")
