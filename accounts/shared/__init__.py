"""Helpers without a model: clock, addresses, times, CSV cells, mail, command lines."""
