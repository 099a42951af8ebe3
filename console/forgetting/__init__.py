"""`mms forget`: everything of a handset found, wherever it lies, and removed for good."""
