"""What only the real service can tell: `scripts/live-check`."""
