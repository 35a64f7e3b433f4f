"""A module of all that servers of version 1 know, too; each part stands by itself."""

from . import bank, bugs, chat, columns, game, indexes, keys, letters, output, randomness, trouble  # noqa: F401
