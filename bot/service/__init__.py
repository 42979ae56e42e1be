"""The running service: starts and stops, routes requests to the capabilities, runs their timers, reports its health."""
