//! Step: a ServiceAccount that may review tokens and nothing else
