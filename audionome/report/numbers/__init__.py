"""The numbers and verdict words of the pages, by name; the sentences stand in the pages.

Conventions
-----------
There is a module for each chapter. Every function takes what the lab computed and returns a
dictionary of texts: shares, differences, intervals, names of models and genres, lists of them, and
verdict words such as "better", "holds" or "cannot be told apart". A notebook writes the sentence
around them::

    say("The gap is widest for {widest}: {widest_gap} points.", gaps(table))

A whole clause may be a text where it is only sometimes said. Nothing is decided here: verdicts are
those of `audionome.lab.compare`. How numbers are written is decided in `audionome._words`.
"""
