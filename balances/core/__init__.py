"""Exact values that everything else is written in: amounts, assets, instants, intervals, SQL.

Knows no table but by name and no page. Nothing here polls, stores or shows.
"""
