"""The suite under pytest: options, the player that runs scenarios, the referee that sums up."""
