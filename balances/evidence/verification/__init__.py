"""Does the history still say what was written? Everything is read again and worked out anew."""
