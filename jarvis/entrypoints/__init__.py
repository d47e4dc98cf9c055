"""Processes: web, bot, worker, scheduler, the command line and the demo. `jarvis.app` builds
everything."""
