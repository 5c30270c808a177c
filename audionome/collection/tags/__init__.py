"""Genres in the tags of files: read, decided, written, and undone.

`tagging.tag` does it for many files; `backup.undo` brings back what was there.
"""
