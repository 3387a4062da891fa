//! A kind of one's own: the AppRole auth method
