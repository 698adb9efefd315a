"""Measurements: every one beside its floor, in the same run, so that ratios mean something."""
