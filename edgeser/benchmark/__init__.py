"""What a model costs on a device: latency, memory, and the budgets they are held to."""
