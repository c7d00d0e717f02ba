"""Who may see and do what: querysets by reader, roles, sessions, second factors.

Every other package asks here. It never answers with more than the reader may see.
"""
