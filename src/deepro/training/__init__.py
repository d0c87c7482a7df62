"""Networks watched while they are trained, in a process of their own."""
