"""One module per command: each parses its options, calls plain functions and renders the result."""
