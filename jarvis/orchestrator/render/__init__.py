"""Words that people read: catalogues in three languages, times and ages, and each fact as Telegram's HTML."""
