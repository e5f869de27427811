"""Stentor: a self-hosted home for live conversations that very many people want to hear at once."""

__version__ = "0.1.0"
