"""Outside systems, one folder each, in the words of their vendor. Folders do not know each
other."""
