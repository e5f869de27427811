"""What spaces that are over have left behind: what is due to go, how it goes, and how much room it takes."""
