"""What the units of a network look for in a data set: surveys, galleries, health, and the classes units raise."""
