"""What a server under fire must stand: mutations of valid requests and frames, by the hundred thousand."""
