"""Rules about views, functions, triggers, policies and grants in migrations."""
