"""Cars: what they are called, where they stand, in which state."""
