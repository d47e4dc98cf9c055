"""Chaos tests ("storms"): people and vendors are active while processes are killed; ledgers and
database are checked afterwards."""
