"""Protocol v2, and v3 which shares its messages: the classes, and frames for both sides."""
