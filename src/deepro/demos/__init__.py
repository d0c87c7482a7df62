"""What can be shown offline: embedded networks on embedded data."""
