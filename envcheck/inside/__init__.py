"""Programs that run as children, sent through standard input; nothing here imports envcheck."""
