"""Jobs of a study: what each is given, what it does, and what it depends on."""
