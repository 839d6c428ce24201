"""Only connect: what a user reads when the key, the instance or the address is wrong."""

from kit import driver, raised, service


def main():
    return {"connected": raised(lambda: [backend.name for backend in service().backends()])}


driver(main)
