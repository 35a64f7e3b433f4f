"""The database's module: everything in this package runs inside SpacetimeDB."""
