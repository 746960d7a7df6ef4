"""The observing proxy: a twin whose every statement is watched."""
