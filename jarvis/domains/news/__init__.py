"""News for service chats, and the digest of who asked for one."""
