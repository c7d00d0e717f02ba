"""Small things that know nobody: clock, zones, addresses, CSV cells, mail, command lines."""
