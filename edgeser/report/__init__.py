"""A run as text, JSON, JUnit XML, Markdown or one HTML page: one renderer a file."""
