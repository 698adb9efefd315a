"""The cooperative's books: import, members, search."""
