"""One flat Piccolo history over all tables: `mNUMBER_NAME.py`, its SQL forward and back in `sql/`
(docs/adr/0002, docs/adr/0026)."""
