"""Whole collections of music: answers, tables, tags, an index and playlists of many files.

Conventions
-----------
A *source* is a file, a folder or a URL as a person names it; a *name* is what a file is called in
every table: its absolute path, or its URL. A run keeps what it has done in a store, so that it can
be ended at any moment and goes on where it stopped.
"""
