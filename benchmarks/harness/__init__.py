"""The shared base of benchmarks: declarations, databases, load generators, and the report."""
