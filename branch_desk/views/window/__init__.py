"""The window around the screens: sign-in, places, search, lock, status."""
