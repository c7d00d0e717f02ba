"""The audit log: who did what to what, when, from where; chained, append-only, for its readers."""
