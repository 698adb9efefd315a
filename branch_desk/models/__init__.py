"""Nouns: the shared SQL model, and the rules that belong to one record."""
