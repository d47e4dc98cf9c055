"""The company's own rules and instructions, answered only with their source."""
