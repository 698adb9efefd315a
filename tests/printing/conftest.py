from tests.cups import cups, cups_server

__all__ = ["cups", "cups_server"]
