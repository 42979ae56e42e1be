"""What people type as a schedule, and what is understood by it."""

import pytest

from bot.subscriptions.schedule import Schedule
from bot.subscriptions.schedule_parser import ScheduleError, split_schedule


@pytest.mark.parametrize(
    ("line", "question", "schedule"),
    [
        ("team last week by:member every monday 09:00", "team last week by:member", "monday 09:00"),
        ("last week every Monday at 9:00", "last week", "monday 09:00"),
        ("yesterday every day", "yesterday", "day 09:00"),
        ("yesterday daily at 9", "yesterday", "day 09:00"),
        ("yesterday daily", "yesterday", "day 09:00"),
        ("yesterday every morning", "yesterday", "day 09:00"),
        ("yesterday every weekday 17:30", "yesterday", "weekday 17:30"),
        ("yesterday weekdays at 5:30pm", "yesterday", "weekday 17:30"),
        ("yesterday each workday, at 8 am", "yesterday", "weekday 08:00"),
        ("last week weekly", "last week", "monday 09:00"),
        ("last week every week on thursday 12:15", "last week", "thursday 12:15"),
        ("last week weekly on fridays at noon", "last week", "friday 12:00"),
        ("last month monthly", "last month", "month 09:00"),
        ("last month every month on the 1st at 07:05", "last month", "month 07:05"),
        ("last month every month 10.30", "last month", "month 10:30"),
        ("7d on every sun at midnight", "7d", "sunday 00:00"),
        ("7d every tues 12am", "7d", "tuesday 00:00"),
        ("7d every wed at 12 p.m.", "7d", "wednesday 12:00"),
        ("7d on Saturdays 23:59", "7d", "saturday 23:59"),
        ("7d EVERY FRIDAY 9.", "7d", "friday 09:00"),
        ("7d every\u00a0monday 09\uff1a00", "7d", "monday 09:00"),
        ("*7d* `every monday 9:00`", "7d", "monday 09:00"),
        ("every monday 09:00", "", "monday 09:00"),
        ("team daily every monday", "team daily", "monday 09:00"),
        ('search:"every day" every monday', 'search:"every day"', "monday 09:00"),
        ("every monday 09:00 team last week", "team last week", "monday 09:00"),
        ("every day 7d by:model", "7d by:model", "day 09:00"),
        ("a report every Monday at 9", "a report", "monday 09:00"),
        ("a weekly report on Mondays", "a report", "monday 09:00"),
        ("to a weekly report on Monday at 9:00", "a report", "monday 09:00"),
        ("me to a daily report at 8", "a report", "day 08:00"),
        ("daily report", "report", "day 09:00"),
        ("daily report at 8", "report", "day 08:00"),
        ("weekly spend report on fridays at 5pm", "spend report", "friday 17:00"),
        ("weekly report by member on Thursday at 9", "report by member", "thursday 09:00"),
        ("monthly report for the team on the 1st at 9", "report for the team", "month 09:00"),
        ("the team's spend by member every weekday at 9am", "the team's spend by member", "weekday 09:00"),
    ],
)
def test_a_question_and_its_schedule(line: str, question: str, schedule: str) -> None:
    assert split_schedule(line) == (question, Schedule.decode(schedule))


@pytest.mark.parametrize(
    ("line", "reason", "question", "typed"),
    [
        ("team last week", "How often?", "team last week", "every monday 09:00"),
        ("", "How often?", "", "every monday 09:00"),
        ("team last week every", "How often?", "team last week every", "every monday 09:00"),
        ("team last week every fortnight", '"every fortnight". How often?', "team last week", "every monday 09:00"),
        ("7d every blurgsday", 'the schedule "every blurgsday"', "7d", "every thursday 09:00"),
        ("7d every hour", 'the schedule "every hour"', "7d", "every monday 09:00"),
        ("7d each fryday at 8", 'the schedule "each fryday at 8"', "7d", "every friday 09:00"),
        ("team last week on thursday at 8", "How often?", "team last week", "every thursday 08:00"),
        ("team every monday and thursday", "I take one schedule a line.", "team", "every monday 09:00"),
        ("team every monday and every thursday", "I take one schedule a line.", "team", "every thursday 09:00"),
        ("every monday and thursday team last week", "I take one schedule", "team last week", "every monday 09:00"),
        ("team yesterday every day 25:00", 'the time in "every day 25:00"', "team yesterday", "every monday 09:00"),
        ("team yesterday every day 9:60", 'the time in "every day 9:60"', "team yesterday", "every monday 09:00"),
        ("team yesterday every day 13pm", 'the time in "every day 13pm"', "team yesterday", "every monday 09:00"),
        ("team yesterday every day 0am", 'the time in "every day 0am"', "team yesterday", "every monday 09:00"),
        ("team yesterday monthly on friday", 'schedule "monthly on friday"', "team yesterday", "every friday 09:00"),
        ("team yesterday every day on friday", '"every day on friday"', "team yesterday", "every friday 09:00"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_question_and_a_schedule_to_type(
    line: str, reason: str, question: str, typed: str
) -> None:
    with pytest.raises(ScheduleError) as refusal:
        split_schedule(line)
    assert reason in str(refusal.value)
    assert (refusal.value.question, refusal.value.typed) == (question, typed)
    assert split_schedule(f"{question} {typed}")
