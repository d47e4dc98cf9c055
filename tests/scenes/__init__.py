"""What tests of several tiers share: people, worlds, and steps of a scene. A test file imports no
other test file."""
