"""Messages of Jarvis: their rendering for a reader, their buttons, and how they are sent."""
