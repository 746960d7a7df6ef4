"""SQLite: what it keeps in its schema, how its scripts are split, and what a statement did."""
