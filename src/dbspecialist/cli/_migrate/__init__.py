"""The subcommands of dbs migrate: one module each, found by being there."""
