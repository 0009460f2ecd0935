"""From records to effects, verdicts, decisions and claims. Pure: no files, no TensorFlow."""
