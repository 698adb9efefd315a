"""A believable cooperative of invented people, made by the operations themselves."""
