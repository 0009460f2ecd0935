"""What is compared: variants, recipes, topologies, layer plans, ablations. No TensorFlow."""
