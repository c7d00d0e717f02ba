"""A simulator of Qredo's API v1: its own signature check, a seeded world, faults on demand.

It stands alone on the standard library and shares no code with the client, so that both cannot
agree on the same mistake. Started as ``python -m qredo_sandbox``; everything it knows is made up.
"""
