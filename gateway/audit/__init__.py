"""What is proven: entries, the Merkle chain, the ledger, offline verification."""
