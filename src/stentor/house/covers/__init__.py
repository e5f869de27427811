"""Covers of spaces: the picture that a host gives one."""
