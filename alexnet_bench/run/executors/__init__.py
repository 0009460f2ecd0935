"""Who gets trials done: this machine, or a cluster. One more is one more file here."""
