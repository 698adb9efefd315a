"""Verbs: what a person can do; one function is one transaction and one audit record."""
