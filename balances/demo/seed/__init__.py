"""Made-up histories of any size, as if they had been polled."""
