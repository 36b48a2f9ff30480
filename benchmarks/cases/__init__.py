"""What the rows of the speed benchmark do, each in a process of its own: one file for each kind."""
