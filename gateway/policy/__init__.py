"""What is decided: facts, engines, obligations, bundles."""
