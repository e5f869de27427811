"""The courier: everything that leaves the site. It takes jobs from the bus, and paces them by host."""
