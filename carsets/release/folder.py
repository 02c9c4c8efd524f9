"""The folder of a release while it is written: beside its place, and renamed when it is whole.

Everything goes into ``DEST.partial``. A file counts as written when its line stands in the
journal, so that a pass that was killed goes on where it stopped; a journal of another plan
(other options, another catalog) is thrown away with its files.
"""
