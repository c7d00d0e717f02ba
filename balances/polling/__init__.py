"""From the tick to the committed row: claims, polls, recording, refreshes, what operators are told.

The worker runs this package. It never imports a page.
"""
