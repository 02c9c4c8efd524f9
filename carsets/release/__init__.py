"""Datasets that are handed out: which images, under which license, in which split."""
