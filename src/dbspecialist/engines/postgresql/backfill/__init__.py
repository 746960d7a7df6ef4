"""Backfills on PostgreSQL: reading a statement, carrying it out in batches, writing it as SQL."""
