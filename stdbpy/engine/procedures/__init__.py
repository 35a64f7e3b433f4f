"""Procedures and HTTP handlers: code of a module that runs beside its database, and asks for a transaction
when it needs one."""
