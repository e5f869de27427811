"""Outlets: other networks where hosts announce their spaces. What is said to each, and what its answers mean; pure."""
