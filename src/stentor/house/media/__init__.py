"""Pictures of posts."""
