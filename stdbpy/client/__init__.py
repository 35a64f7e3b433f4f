"""What generated client code imports."""

from stdbpy.client.binding import ModuleBinding, Table
from stdbpy.client.calls import Invoke, Outcome, ReducerCalls
from stdbpy.client.http import AsyncHttpDatabase, HttpDatabase

__all__ = ["AsyncHttpDatabase", "HttpDatabase", "Invoke", "ModuleBinding", "Outcome", "ReducerCalls", "Table"]
