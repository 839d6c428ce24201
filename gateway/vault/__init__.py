"""What is kept secret: envelopes and keys."""
