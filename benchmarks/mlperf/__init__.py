"""MLPerf Tiny's public runner, unchanged, against the emulated device."""
