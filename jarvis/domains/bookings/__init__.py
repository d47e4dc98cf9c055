"""Bookings: their life, availability, conflicts, debts."""
