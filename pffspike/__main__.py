"""``python -m pffspike`` is the command line."""

from pffspike.cli import main

if __name__ == "__main__":
    main()
