"""One file per step, in the order that ``ITEM_PIPELINES`` in settings.py gives them."""
