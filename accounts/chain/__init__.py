"""Hash chains and the files their heads are exported to."""
