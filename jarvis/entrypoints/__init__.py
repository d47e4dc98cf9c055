"""Processes: web, bot, worker, scheduler, the command line and the demo. `wiring` builds
everything."""
