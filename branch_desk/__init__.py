"""Branch Desk: opens a cooperative's e-banking to a member at the counter."""

__version__ = "0.1.0"
