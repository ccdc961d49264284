"""What only the real service can show: `scripts/live-check`."""
