//! The real servers that the tests talk to
