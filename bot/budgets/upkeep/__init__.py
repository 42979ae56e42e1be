"""What merged members, a restored ledger and a changed time zone mean for budgets."""
