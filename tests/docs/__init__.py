"""The check of what is written for people: `scripts/check-docs`."""
