"""Amounts over time: buckets, points, sums in SQL, coverage.

Gives exact series to charts, files and checks. It knows no page and formats nothing.
"""
