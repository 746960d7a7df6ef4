"""Rules about ways back and the history as a whole."""
