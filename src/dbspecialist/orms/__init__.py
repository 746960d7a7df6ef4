"""orms."""
