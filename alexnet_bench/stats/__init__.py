"""Statistics: pure functions of arrays. They read no files and know nothing of variants."""
