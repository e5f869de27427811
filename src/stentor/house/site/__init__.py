"""What the site is called and looks like, and its texts: set by administrators, shown by every page."""
