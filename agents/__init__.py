"""Roles that talk. An agent only chooses: prompt, output, toolsets; the model comes from the
wiring."""
