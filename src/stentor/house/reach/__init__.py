"""What brings people here from elsewhere: feeds that are told of, and reminders."""
