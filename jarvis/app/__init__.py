"""The App: features and roles, discovered in their folders and built into processes."""
