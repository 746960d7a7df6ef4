"""The kinds of request: one module each, found by being there."""
