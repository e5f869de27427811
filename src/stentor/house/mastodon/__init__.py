"""Mastodon's client API: the words of apps for what there is here. Nothing is decided here but how it is said."""
