"""Whom and what members pay, again and again: beneficiaries, loans, services, the calendar."""
