"""名寄せ: are these two records one company, or one person? Evidence in points, always with its reasons."""
