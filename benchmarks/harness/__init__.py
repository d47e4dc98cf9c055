"""What every benchmark stands on: its declaration, its databases, load generators, and the
report."""
