"""carsets: from attributes of vehicles to a labelled, lawful image dataset."""

__version__ = "0.1.0"
