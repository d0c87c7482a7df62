"""Networks while they are trained."""
