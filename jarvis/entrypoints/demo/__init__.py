"""The whole company on one machine: servers from wheels, vendors' sandboxes, Jarvis, and the desk
to talk to it."""
