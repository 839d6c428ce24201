"""`python -m gateway` and the console script `gateway` are the same command line."""

from gateway.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
