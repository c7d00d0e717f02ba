"""How strong a password is."""
