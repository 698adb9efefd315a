"""The queue, a new request, and a request step by step."""
