"""Changes inside our own house: people, chats, branches."""
