"""Protocol v1 in its two formats, BSATN and JSON: the classes, and frames for both sides."""
