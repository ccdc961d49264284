"""What the integration costs, measured beside what a person would use instead."""
