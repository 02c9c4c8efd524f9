"""Faces and license plates, found and made unreadable in copies that are handed out."""
