"""dbspecialist."""
