"""Search for accounts, assets and pages."""
