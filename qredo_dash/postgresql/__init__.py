"""Django's PostgreSQL, with a pool that is quick again after the server was away."""
