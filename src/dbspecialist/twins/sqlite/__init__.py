"""Twins of SQLite databases: files with the schema, the planner's statistics, and made-up rows."""
