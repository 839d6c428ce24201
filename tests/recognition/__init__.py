"""How well circuits are known again, measured on a public benchmark; `python -m tests.recognition` writes the page."""
