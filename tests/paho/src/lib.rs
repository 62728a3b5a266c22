//! Nothing but tests, in `tests/`: the broker with a client that we did not write.
