"""Questions about images, put to people elsewhere: what is asked, of which images, for how much."""
