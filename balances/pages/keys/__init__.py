"""Adding and replacing keys, partial keys, incidents."""
