//! End-to-end cases over the three pairs of servers
