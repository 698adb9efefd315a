"""Tests: their names are the sentences the program keeps."""
