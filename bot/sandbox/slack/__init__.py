"""An embedded Slack workspace: Slack's real protocols for an unchanged client, people who act, faults on demand."""
