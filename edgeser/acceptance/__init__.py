"""What reaches a device's frontend: whether it is as it should be, and what is wrong if not."""
