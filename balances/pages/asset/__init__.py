"""The page of one asset: who holds how much of it."""
