"""Where spaces are sent to besides."""
