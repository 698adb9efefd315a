"""The supervisor's decision."""
