"""Charts, sparklines, their ranges, their data as JSON and CSV."""
