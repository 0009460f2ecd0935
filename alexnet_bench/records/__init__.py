"""What was measured: the schema, and the files that hold it. No TensorFlow."""
