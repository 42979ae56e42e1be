"""Spikes: a member's day that is far above their usual one."""
