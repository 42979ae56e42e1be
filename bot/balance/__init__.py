"""Neo credits that are left, how long they last at the recent pace, and warnings before they are gone."""
