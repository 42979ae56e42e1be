"""Budget requests: made by members, approved or declined by operators."""
