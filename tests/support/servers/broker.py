"""The broker's own database; the cache is another one on the same server."""

import redis
from django.conf import settings


def link() -> "redis.Redis":
    """Return a connection to the queues."""
    pool = redis.ConnectionPool.from_url(settings.CACHE_URL)
    pool.connection_kwargs["db"] = 0
    return redis.Redis(connection_pool=pool)
