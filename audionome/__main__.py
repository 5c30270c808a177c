"""``python -m audionome``."""

from audionome.cli import main

main()
