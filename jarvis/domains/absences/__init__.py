"""Absences: the form, its notices, whose work moves to whom."""
