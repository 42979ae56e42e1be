"""Text for a terminal: the streams it goes to, and how it is laid out there."""
