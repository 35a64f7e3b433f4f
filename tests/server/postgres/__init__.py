"""PostgreSQL's protocol, as clients see it."""
