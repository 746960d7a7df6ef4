"""Rules about what a migration does to production."""
