"""What runs by itself: the board, the watch on stage and archive, the crowd."""
