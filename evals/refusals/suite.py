"""What must not be done, however it is asked for."""

from evals.acting import ActingSuite

SUITE = ActingSuite(name="refusals", floor=1)
