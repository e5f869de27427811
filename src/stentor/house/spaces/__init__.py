"""Spaces: every change of one goes through here, and every view of one."""
