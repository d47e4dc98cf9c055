"""Jarvis: the operations assistant of a car-rental company. Rooms: README.md."""
