"""Which instant a page is about: the bar, its query, the decorators of views."""
