"""What burn-tui says to tmux, and what it reads there."""
