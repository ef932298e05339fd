"""The amplitude-phase MicroFrontend: one C11 source for host and device, with its binding."""
