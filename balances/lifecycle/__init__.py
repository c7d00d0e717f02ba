"""Use cases of an account: adding it, its keys, pausing, archiving, ownership.

Each is one function that takes who acts. It never formats what a page shows.
"""
