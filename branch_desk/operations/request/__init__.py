"""A request for e-banking: opened, identified, configured, printed, signed, approved."""
