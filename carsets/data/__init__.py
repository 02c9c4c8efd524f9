"""Lists and tables that carsets ships; each file says whence it comes."""
