"""The blueprints, run in Home Assistant from their own files."""
