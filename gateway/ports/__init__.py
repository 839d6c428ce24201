"""Everything with more than one implementation, and nothing else."""
