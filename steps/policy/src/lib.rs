//! Step: what the operator may read
