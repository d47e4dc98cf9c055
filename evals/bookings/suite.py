"""Orders about bookings and cars, by their card and by what RentProg has afterwards."""

from evals.acting import ActingSuite

SUITE = ActingSuite(name="bookings", floor=0.9)
