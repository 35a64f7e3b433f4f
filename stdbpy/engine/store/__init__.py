"""The tables of a database in memory: rows in BSATN, indexes, sequences."""
