"""The working side of a load run, in each process: rooms, members, measurements."""
