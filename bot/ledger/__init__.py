"""The ledger: tasks, and the append-only charges that make up spend; the only package that uses their tables.

Writing: `booking` books a page of tasks by the pure `rules`, with the rows of `booking_statements`; `repricing` and
`member_merge` correct what was booked; `passes` records what was read, and `missing_tasks` and `quarantine` what a pass
could not list or book.

Reading: whatever answers a person goes through `scope` (what they may see) and `selection` (what they ask about) to
`spend`, `spend_groups`, `task_list`, `task_detail` and `failed_task_queries`. The capabilities themselves read through
`members`, `charge_queries`, `task_queries`, `daily_spend` and `freshness`. `expressions` holds what their statements
share.
"""
