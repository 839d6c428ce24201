"""The command line; the only user of click."""


def main() -> None:
    """Be the program `gateway`."""
    # Loaded late: the serving process lies in this package too, and starts sooner without click.
    from gateway.cli.root import main as program

    program()
