"""The formats in which datasets are handed out, one file each; ``formats`` lists them."""
