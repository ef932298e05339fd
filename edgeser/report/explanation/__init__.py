"""Explanations for people: pages with their pictures, and what they come to in words."""
