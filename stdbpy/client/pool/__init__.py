"""Several connections as one: calls go to the least busy of those that are well."""
