"""Staff and the audit trail."""
