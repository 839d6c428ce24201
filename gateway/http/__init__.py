"""The only user of Litestar: reads requests, calls one room, writes answers."""
