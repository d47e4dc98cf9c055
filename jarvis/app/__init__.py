"""The App: what features and roles offer, found in their folders, and built into processes."""
