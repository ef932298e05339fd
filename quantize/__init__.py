"""Float network to int8 TFLite to Edge TPU: knows tensors and flatbuffers, nothing of emotion."""
