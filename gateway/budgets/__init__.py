"""What a job costs: quotes, holds, settlements."""
