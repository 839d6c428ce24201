"""Who asks: API keys, access tokens, authentication."""
