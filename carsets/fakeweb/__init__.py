"""The built-in web: every source in its real format, drawn images, hostile routes."""
