"""A user's project and the files that belong to it: configuration, sources, templates, generated code, tokens."""
