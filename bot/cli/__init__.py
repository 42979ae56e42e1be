"""The `neo-usage` command, one module a command group; each command imports only what it needs."""
