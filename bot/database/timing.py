"""How long things of the database take; to be imported by whoever must start quickly."""

from datetime import timedelta

LEASE_LIFETIME = timedelta(seconds=45)  # for which a process may be held up before another one takes its lease over
