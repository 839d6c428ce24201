"""The quantum governance gateway: a reverse proxy that judges, seals and records what is sent to quantum computers."""
