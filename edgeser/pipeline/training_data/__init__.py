"""What a training hears: clips as features, as recorded, mixed and under conditions."""
