"""Model and frontend to firmware on a device: knows samples, bytes and devices, not emotion."""
