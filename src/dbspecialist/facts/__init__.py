"""What can be said about a database: frozen values, no input or output."""
