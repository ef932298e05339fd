"""A voice made of formulas: LF glottal source, vocal-tract filters, prosody of six emotions."""
