"""What edgeser makes itself: synthetic voices, spoken sentences, clips on which nobody speaks."""
