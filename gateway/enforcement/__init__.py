"""The policy enforcement point: one module per operation, written once for all vendors."""
