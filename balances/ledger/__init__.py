"""What is stored of polls: schedule rows, runs, the hash chain, snapshots, roll-ups, partitions.

Gives the only functions that write history. It never asks Qredo and never decides when to poll.
"""
