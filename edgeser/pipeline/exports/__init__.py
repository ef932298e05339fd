"""Models on their way out: a bundle, firmware, libraries, the Edge TPU, a page."""
