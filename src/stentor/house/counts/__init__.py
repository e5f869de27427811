"""The numbers of an audience: added up while a space is on, kept when it is over, told to whoever asks."""
