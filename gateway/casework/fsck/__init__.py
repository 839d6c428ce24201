"""Checking that everything which is stored agrees with everything else."""
