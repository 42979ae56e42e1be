"""`python -m bot` is `neo-usage`."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
