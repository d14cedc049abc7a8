"""The graph: one folder a noun, over the port of the layer above."""
