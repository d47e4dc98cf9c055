"""Decides who acts on an event, runs agents, renders their answers from facts."""
