"""How fast and whom: admission, rate limits, circuit breaker, backoff of keys, retries.

All state is in PostgreSQL: workers never sleep, and no message is delayed.
"""
