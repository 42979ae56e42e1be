"""`python -m bot` is `neo-usage`."""

from bot.cli import main

if __name__ == "__main__":
    main()
