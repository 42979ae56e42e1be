"""The pure core: money, periods, tasks, the query language, access. No I/O; time comes in as `now`."""
