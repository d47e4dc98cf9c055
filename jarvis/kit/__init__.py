"""Small things that two rooms need: errors, time, ids, money, people, settings, HTTP, the sandbox
world."""
