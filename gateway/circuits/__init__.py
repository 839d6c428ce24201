"""What is asked, measured in bounded worker processes."""
