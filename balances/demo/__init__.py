"""The demo: people and accounts that are the simulator's, named as demo everywhere."""
