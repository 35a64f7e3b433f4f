"""Completion in shells: the scripts are written from the command tree, and ask the program for names alone."""
