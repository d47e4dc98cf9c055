"""The roles. An agent only chooses prompt, output and toolsets; each run gets its model."""
