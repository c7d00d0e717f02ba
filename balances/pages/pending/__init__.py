"""What is in flight, and since when."""
