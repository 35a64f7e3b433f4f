"""What survives a restart: the log of transactions and snapshots of the tables, in one SQLite file."""
