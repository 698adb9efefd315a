"""The house: installation, staff, audit, mail, due jobs, backup."""
