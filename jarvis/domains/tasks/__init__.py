"""What somebody is to do."""
