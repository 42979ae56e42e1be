"""Budgets: limits on spend, and one notification to the right person when a step of a limit is passed.

- A *scope* is what a limit is set for: one member, every member by default, or the team.
- A *subject* is whom a budget is evaluated for: a member (also under the default limit), or the team.
- A *case* is a subject in one period; it has one spend and at most one limit.
- A *step* is a percentage of the limit at which somebody is notified (50, 80, 100, ...).
- A *crossing* is the stored fact that a subject passed a step of a limit in a period.
- An *audience* is who is notified of it: the subject by direct message, or the alert channel.

What happens when a task is booked:

1. `evaluator` observes the booking, inside its transaction, and finds the cases that it touches.
2. `rules` decides which steps were passed and which of them is notified, with a reason for those that are not.
3. `crossings.recorder` records the crossings and enqueues the notifications, except for audiences that have snoozed.
4. `alerts` renders them when the outbox sends them: the first one of a subject, period and destination becomes the live
   message (`live_message_render`), which is edited whenever the budget changes; later ones are replies in its thread
   (`thread_reply_render`).

`due_work` does the same when time passes: temporary limits and snoozes end, periods begin. `limits.executor` carries
out what people ask for, and `limits.effects` puts a limit in force with what follows from it.
"""
