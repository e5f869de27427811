"""What is somebody's own in Mastodon's client API: notifications, lists, filters, pictures, push messages."""
