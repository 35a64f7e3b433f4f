"""The language of statements: words, keywords, and where one statement ends and the next begins."""
