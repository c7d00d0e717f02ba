"""The list of accounts, its rows and its refresh of all."""
