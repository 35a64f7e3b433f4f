"""The command line: it alone prints and exits. Each command is one call into a library."""
