"""What a removal touches outside the catalog: files, texts, and copies of releases. Pure."""
