"""What a network was at each step of its training."""
