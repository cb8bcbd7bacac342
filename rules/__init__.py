"""Rules and compatibility tables: data files, read through ``importlib.resources``."""
