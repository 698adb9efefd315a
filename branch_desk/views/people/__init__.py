"""Members and their files."""
