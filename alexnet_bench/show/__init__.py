"""Effects as people and other programs read them: text, tables, figures, a page, formats for CI."""
