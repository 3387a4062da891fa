//! Step: the operator's ServiceAccount
