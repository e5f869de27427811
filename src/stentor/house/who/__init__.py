"""Who asks: tokens, sessions, devices, and the limits on wrong tries."""
