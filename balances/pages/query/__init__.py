"""What a page is asked: whose accounts, which asset, which filter."""
