"""E-banking users: first access, credential, authenticator, counters, unlocking."""
