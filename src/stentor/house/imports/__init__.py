"""What people bring along from elsewhere, and take with them."""
