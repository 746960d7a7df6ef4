"""Rules about transactions, time-outs and what happens within them."""
