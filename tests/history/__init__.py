"""Random histories: a home, the service, and a comparison of what both say happened."""
