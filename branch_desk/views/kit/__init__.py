"""What every screen is made of: the view, tables, fields, words, theme, parts."""
