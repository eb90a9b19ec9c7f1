"""Imports what is not in the image; the error that ends it says less."""

from importlib import import_module

try:
    import_module("psycopg3")
except ImportError as error:
    message = "There is no driver of the database"
    raise RuntimeError(message) from error
