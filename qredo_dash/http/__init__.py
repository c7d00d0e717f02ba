"""What stands between a socket and a view.

Gives the web process its server entry: requests are read whole, within bounds of size and time,
before one of the few threads that run Django is taken. Never looks at what a request means.
"""
