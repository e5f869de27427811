"""What administrators see of the whole site: what is on, what goes wrong, whether it is ready for tonight, backups."""
