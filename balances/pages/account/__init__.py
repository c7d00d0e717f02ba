"""The page of one account: figures, polls, evidence, acts."""
