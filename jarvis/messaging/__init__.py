"""How Jarvis talks: what a message looks like, for whom it is rendered, and how it is sent."""
