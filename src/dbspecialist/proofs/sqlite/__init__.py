"""Proofs on SQLite: trials of migrations on files with a few rows."""
