"""One flat Piccolo history over all tables. SQL stands in `sql/`, one file a migration (docs/adr/0002)."""
