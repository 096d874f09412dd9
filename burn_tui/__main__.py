"""`python -m burn_tui`."""

from burn_tui.cli import main

if __name__ == "__main__":
    main()
