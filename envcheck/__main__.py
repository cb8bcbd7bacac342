"""``python -m envcheck``."""

from .start import main

if __name__ == "__main__":
    main()
