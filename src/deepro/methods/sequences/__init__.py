"""Recurrent networks: states and gates over time, the cells that track something, what is remembered."""
