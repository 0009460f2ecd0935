"""What is due, and the loop that gets it done by workers."""
