"""What customers ask of the product: one request for many voices, ranked, decided, and told back to those who asked.

sources.py     where voices come from: rooms above say how theirs are read, linked to and told
writing.py     a request: open, change, merge and undo
voices.py      a voice joins a request, moves, is taken out
similar.py     requests that resemble a text
ranking.py     the list in order of weight, as far as the reader sees it
deciding.py    planned, shipped, declined
telling.py     everybody who asked is told once
words.py       how all of it reads
"""
