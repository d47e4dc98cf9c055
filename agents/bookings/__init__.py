"""The bookings role."""
