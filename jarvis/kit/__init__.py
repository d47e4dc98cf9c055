"""Small modules shared by several packages: errors, time, ids, money, people, settings, HTTP, the
sandbox world."""
