"""`mms export`: messages and their media as files."""
