"""Screens: they ask for operations and show plain values; the only part that knows widgets."""
